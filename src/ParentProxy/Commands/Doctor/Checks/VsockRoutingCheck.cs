using ParentProxy.Configuration;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-routing</c>: whether connections to enclaves have to ask for the way to the host.</summary>
internal sealed class VsockRoutingCheck : IDoctorCheck
{
    private const string Id = "vsock-routing";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var isNeeded = VsockHostRouting.IsToHostNeeded(@case.Machine.Root);
        var mode = @case.Settings.Vsock.ToHost;
        return Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            (isNeeded, mode) switch
            {
                (true, ToHostMode.Never) => new CheckResult(
                    Id,
                    @case.WithoutVsock,
                    "vhost_vsock is loaded and Vsock:ToHost is never: enclaves are looked for among virtual machines")
                {
                    Evidence = ["vhost_vsock is loaded, and this machine has a vsock device to its host"],
                    Remedy = ["set Vsock:ToHost to auto, or modprobe -r vhost_vsock if this machine runs no virtual machines"],
                },
                (false, ToHostMode.Always) => new CheckResult(
                    Id, CheckStatus.Warn, "Vsock:ToHost is always, but nothing here needs it")
                {
                    Evidence = ["vhost_vsock and a vsock device to the host are not both there"],
                    Remedy = ["set Vsock:ToHost to auto: without a device the flag breaks what works"],
                },
                (true, _) => new CheckResult(Id, CheckStatus.Ok, "vhost_vsock is loaded as well: connections ask for the host"),
                _ => new CheckResult(Id, CheckStatus.Ok, "connections to enclaves need no flag"),
            },
        ]);
    }
}
