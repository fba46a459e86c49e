using ParentProxy.Commands.Doctor.Host;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>container</c>: whether this is a container, and a filter of system calls is on.</summary>
internal sealed class ContainerCheck : IDoctorCheck
{
    private const string Id = "container";

    private static readonly string[] Files = ["/.dockerenv", "/run/.containerenv"];
    private static readonly string[] Runtimes = ["docker", "containerd", "kubepods", "libpod", "lxc", "ecs"];

    /// <summary>What points to a container or a filter.</summary>
    public static IEnumerable<string> Signs(Machine machine)
    {
        foreach (var file in Files.Where(machine.Exists))
            yield return $"{file} is there: a container";
        var group = machine.Lines("/proc/1/cgroup").FirstOrDefault(line => Runtimes.Any(runtime =>
            line.Contains($"/{runtime}", StringComparison.Ordinal) || line.Contains($"{runtime}-", StringComparison.Ordinal)));
        if (group is not null)
            yield return $"/proc/1/cgroup: {group}";
        if (machine.Number("/proc/self/status", "Seccomp:") is > 0)
            yield return "a seccomp filter is on (Seccomp: in /proc/self/status)";
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var signs = Signs(@case.Machine).ToList();
        return Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            signs.Count == 0
                ? new CheckResult(Id, CheckStatus.Ok, "no container, no filter of system calls")
                : new CheckResult(Id, CheckStatus.Ok, "a container, or a filter of system calls; the other checks tell what they forbid")
                {
                    Evidence = signs,
                },
        ]);
    }
}
