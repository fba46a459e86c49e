namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-namespace</c>: whether this network namespace keeps enclaves out (Linux 7.0).</summary>
internal sealed class VsockNamespaceCheck : IDoctorCheck
{
    private const string Id = "vsock-namespace";
    private const string File = "/proc/sys/net/vsock/ns_mode";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            @case.Machine.Line(File) switch
            {
                null => new CheckResult(Id, CheckStatus.Ok, "the kernel has no vsock namespaces"),
                "local" => new CheckResult(Id, @case.WithoutVsock, "vsock is local to this network namespace: no enclave can be reached")
                {
                    Evidence = [$"{File} is local"],
                    Remedy =
                    [
                        "run the proxy on the host itself, or in a container with the host's network (docker run --network host)",
                        "or set net.vsock.child_ns_mode to global before the namespace is made; it cannot be set twice",
                    ],
                },
                var mode => new CheckResult(Id, CheckStatus.Ok, $"vsock is {mode} in this network namespace"),
            },
        ]);
}
