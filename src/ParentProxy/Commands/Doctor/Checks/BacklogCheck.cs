namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>backlog</c>: whether the kernel lets as many connections wait to be accepted as the proxy asks for.</summary>
internal sealed class BacklogCheck : IDoctorCheck
{
    private const string Id = "backlog";
    private const string File = "/proc/sys/net/core/somaxconn";

    /// <summary>What the listeners ask for.</summary>
    private const long Asked = 4096;

    /// <summary>What a burst of new connections needs at least.</summary>
    private const long Least = 1024;

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            @case.Machine.Number(File) switch
            {
                null => new CheckResult(Id, CheckStatus.Skip, $"{File} cannot be read"),
                < Least and var most => new CheckResult(
                    Id, CheckStatus.Warn, $"the kernel lets {most} connections wait, the proxy asks for {Asked}")
                {
                    Evidence = [$"{File} is {most}"],
                    Remedy =
                    [
                        "sysctl -w net.core.somaxconn=4096",
                        "for good: echo net.core.somaxconn=4096 > /etc/sysctl.d/parent-proxy.conf",
                    ],
                },
                var most => new CheckResult(Id, CheckStatus.Ok, $"up to {most} connections may wait to be accepted"),
            },
        ]);
}
