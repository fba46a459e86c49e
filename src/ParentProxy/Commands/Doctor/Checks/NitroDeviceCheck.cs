namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>nitro-device</c>: whether enclaves can run on this machine.</summary>
internal sealed class NitroDeviceCheck : IDoctorCheck
{
    private const string Id = "nitro-device";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            @case.Machine.Exists("/dev/nitro_enclaves")
                ? new CheckResult(Id, CheckStatus.Ok, "/dev/nitro_enclaves is there: enclaves can run on this machine")
                : @case.NeedsVsock
                    ? new CheckResult(Id, CheckStatus.Warn, "there is no /dev/nitro_enclaves: Nitro enclaves cannot run here")
                    {
                        Evidence = ["in a container that is as it should be: the proxy does not need the device"],
                        Remedy =
                        [
                            "modprobe nitro_enclaves",
                            "was the instance launched with enclaves? aws ec2 describe-instances --query "
                                + "'Reservations[].Instances[].EnclaveOptions'",
                        ],
                    }
                    : new CheckResult(Id, CheckStatus.Skip, "there is no /dev/nitro_enclaves, and the configuration needs none"),
        ]);
}
