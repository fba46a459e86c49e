using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-socket</c>: whether this process gets a vsock socket at all.</summary>
internal sealed class VsockSocketCheck : IDoctorCheck
{
    private const string Id = "vsock-socket";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        if (@case.Machine.OpenVsock() is not { } errno)
            return Task.FromResult<IReadOnlyList<CheckResult>>([new CheckResult(Id, CheckStatus.Ok, "socket(AF_VSOCK) works")]);
        var why = new VsockException(errno, "socket", null);
        return Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            new CheckResult(Id, @case.WithoutVsock, $"socket(AF_VSOCK): {errno.Name} ({why.Meaning})")
            {
                Evidence = [.. ContainerCheck.Signs(@case.Machine)],
                Remedy = errno.Name switch
                {
                    "EAFNOSUPPORT" =>
                    [
                        "modprobe -a vsock vmw_vsock_virtio_transport",
                        "in a unit: systemctl show -p RestrictAddressFamilies parent-proxy must list AF_VSOCK",
                    ],
                    "EPERM" =>
                    [
                        "a seccomp profile forbids it: docker run --security-opt seccomp=PROFILE with one that allows socket family 40",
                    ],
                    _ => [why.Hint],
                },
            },
        ]);
    }
}
