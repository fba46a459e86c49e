using ParentProxy.Commands.Doctor.Host;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>vsock-large-writes</c> and <c>vsock-small-writes</c>: the faults of the kernel that can be tried over loopback, from this
/// machine to itself.
/// </summary>
internal sealed class VsockTrialCheck : IDoctorCheck
{
    private const string Large = "vsock-large-writes";
    private const string Small = "vsock-small-writes";

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        // Without loopback a connection to CID 1 could leave the machine.
        if (@case.Machine.OpenVsock() is not null || !@case.Machine.HasLoopback())
            return [Skipped(Large), Skipped(Small)];
        var large = await VsockTrial.LargeWritesAsync(cancellationToken);
        var small = await VsockTrial.SmallWritesAsync(cancellationToken);
        return
        [
            large is null
                ? new CheckResult(Large, CheckStatus.Ok, "1 MiB in the largest writes came over loopback as it was sent")
                : new CheckResult(Large, CheckStatus.Fail, "large writes over vsock arrive damaged")
                {
                    Evidence = [$"1 MiB over loopback: {large}"],
                    Remedy =
                    [
                        "update the kernel and reboot",
                        "until then keep Vsock:MaxWriteBytes at its default of 28672; other programs on vsock (socat -b 8192) as well",
                    ],
                },
            small is null
                ? new CheckResult(Small, CheckStatus.Ok, "1024 writes of 129 bytes to a reader that pauses came as they were sent")
                : new CheckResult(Small, CheckStatus.Fail, "many small writes to a reader that pauses do not arrive")
                {
                    Evidence = [$"1024 writes of 129 bytes over loopback: {small}"],
                    Remedy =
                    [
                        "update the kernel and reboot (fixed in July 2026: vsock/virtio: collapse receive queue under memory pressure)",
                        "until then set Vsock:BufferBytes to 1048576, here and in the enclave",
                    ],
                },
        ];
    }

    private static CheckResult Skipped(string id) => new(id, CheckStatus.Skip, "there is no vsock loopback to try it over")
    {
        Remedy = ["modprobe vsock_loopback (as root; it only adds CID 1, this machine itself), and run this again"],
    };
}
