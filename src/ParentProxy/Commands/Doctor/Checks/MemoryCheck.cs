using System.Globalization;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>memory</c>: whether this machine has some left for itself, beside what enclaves took.</summary>
internal sealed class MemoryCheck : IDoctorCheck
{
    private const string Id = "memory";
    private const string File = "/proc/meminfo";
    private const long LeastMiB = 128;
    private const double LeastShare = 0.05;

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var machine = @case.Machine;
        if (machine.Number(File, "MemAvailable:") / 1024 is not { } available || machine.Number(File, "MemTotal:") / 1024 is not { } total)
            return Task.FromResult<IReadOnlyList<CheckResult>>([new CheckResult(Id, CheckStatus.Skip, $"{File} cannot be read")]);
        var summary = string.Create(CultureInfo.InvariantCulture, $"{available} of {total} MiB are available");
        return Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            available >= LeastMiB && available >= LeastShare * total
                ? new CheckResult(Id, CheckStatus.Ok, summary)
                : new CheckResult(Id, CheckStatus.Warn, $"only {summary}")
                {
                    Evidence = [$"huge pages take {machine.Number(File, "Hugetlb:") / 1024 ?? 0} MiB of it, for enclaves"],
                    Remedy =
                    [
                        "ps aux --sort=-rss | head",
                        "lower memory_mib in /etc/nitro_enclaves/allocator.yaml, or take a larger instance",
                    ],
                },
        ]);
    }
}
