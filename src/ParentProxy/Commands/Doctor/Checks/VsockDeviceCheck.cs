using ParentProxy.Endpoints;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-cid</c>: this machine's own CID, which is no enclave's.</summary>
internal sealed class VsockDeviceCheck : IDoctorCheck
{
    private const string Id = "vsock-cid";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>([Judge(@case)]);

    private static CheckResult Judge(DoctorCase @case)
    {
        if (@case.Machine.OwnCid() is not { } cid)
        {
            var isThere = @case.Machine.Exists("/dev/vsock");
            return new CheckResult(
                Id,
                CheckStatus.Skip,
                isThere ? "this user may not open /dev/vsock, or no transport is active" : "there is no /dev/vsock, as in containers")
            {
                Remedy = ["nothing for the service: the device only tells this machine's own CID; chmod a+r /dev/vsock lets everybody ask"],
            };
        }

        if (cid == VsockCid.Any)
            return new CheckResult(Id, CheckStatus.Ok, "this machine has no CID of its own but that of loopback");
        return @case.Enclaves.All.FirstOrDefault(enclave => enclave.Endpoint is { Transport: EnclaveTransport.Vsock } endpoint
            && endpoint.Cid == cid) is { } enclave
            ? new CheckResult(Id, CheckStatus.Fail, $"CID {cid} of enclave {enclave.Id} is this machine's own")
            {
                Evidence = ["connections to one's own CID fail with ENODEV"],
                Remedy = ["nitro-cli describe-enclaves: EnclaveCID is the one to configure"],
            }
            : new CheckResult(Id, CheckStatus.Ok, $"this machine's own CID is {cid}");
    }
}
