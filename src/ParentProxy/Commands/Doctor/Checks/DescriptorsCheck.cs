using System.Globalization;
using ParentProxy.Hosting;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>descriptors</c>: whether there are enough for the connections that are let in.</summary>
internal sealed class DescriptorsCheck : IDoctorCheck
{
    private const string Id = "descriptors";
    private const double NearlyAll = 0.9;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var machine = @case.Machine;
        var needed = DescriptorNeed.Of(@case.Settings);
        var unit = machine.Exists("/run/systemd/system")
            ? await Host.UnitState.OfAsync(machine, "parent-proxy.service", cancellationToken)
            : null;
        var pid = unit?["MainPID"] is { Length: > 0 } main and not "0" ? main : null;
        var ofService = pid is null ? null : machine.Number($"/proc/{pid}/limits", "Max open files");
        var limit = ofService ?? machine.OpenFileLimit();
        var of = ofService is null ? "this shell, which a service of systemd need not share" : $"the service (pid {pid})";
        var files = (machine.Line("/proc/sys/fs/file-nr") ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        string[] evidence =
        [
            $"RLIMIT_NOFILE of {of}: {limit?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}",
            $"{needed} connections may be open (Limits:MaxConnections, Passthrough, Egress), two descriptors each",
            .. files.Length == 3 ? new[] { $"/proc/sys/fs/file-nr: {files[0]} of {files[2]} on the whole machine" } : [],
        ];
        CheckResult Result(CheckStatus status, string summary, params string[] remedy) =>
            new(Id, status, summary) { Evidence = evidence, Remedy = remedy };

        if (files.Length == 3
            && double.TryParse(files[0], CultureInfo.InvariantCulture, out var used)
            && double.TryParse(files[2], CultureInfo.InvariantCulture, out var most)
            && used > NearlyAll * most)
        {
            return [Result(
                CheckStatus.Fail,
                "the whole machine has next to no file descriptor left",
                "sysctl -w fs.file-max=1000000; for p in /proc/[0-9]*; do echo $(ls $p/fd | wc -l) $p; done | sort -n | tail")];
        }

        return
        [
            limit >= needed * 2 || limit is null
                ? Result(CheckStatus.Ok, $"{limit?.ToString(CultureInfo.InvariantCulture) ?? "unlimited"}, enough for {needed} connections")
                : Result(
                    CheckStatus.Warn,
                    $"{limit} file descriptors, and {needed} connections may need {needed * 2}",
                    "systemctl edit parent-proxy: [Service] LimitNOFILE=131072, and restart it; or lower Limits:MaxConnections"),
        ];
    }
}
