using System.Globalization;
using System.Text.RegularExpressions;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>kernel</c>: faults of vsock that were found in 2025 and 2026, as far as the release and the day of the build tell whether this
/// kernel has them.
/// </summary>
internal sealed partial class KernelCheck : IDoctorCheck
{
    private const string Id = "kernel";
    private const string Hint = "a hint only: distributions back-port";

    /// <summary>When the stable series got the fix of CVE-2026-23086.</summary>
    private static readonly DateOnly CreditFixed = new(2026, 2, 15);

    /// <summary>When the stable series got the fix of CVE-2026-46214.</summary>
    private static readonly DateOnly AcceptFixed = new(2026, 5, 31);

    /// <summary>When the stable series got the cure of the count of packets, 2a12c05aef21.</summary>
    private static readonly DateOnly CountFixed = new(2026, 8, 1);

    private static readonly string[] Months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var machine = @case.Machine;
        var release = machine.KernelRelease;
        var built = BuiltOn(machine.Line("/proc/version") ?? "");
        var hints = Hints(Number(release), built).ToList();
        var day = built is { } known ? $", built {known.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)}" : "";
        return Task.FromResult<IReadOnlyList<CheckResult>>(hints.Count == 0
            ? [new CheckResult(Id, CheckStatus.Ok, $"Linux {release}{day}: no known fault of vsock by its release")]
            : [new CheckResult(Id, CheckStatus.Warn, $"Linux {release}{day} may have faults of vsock ({Hint})")
            {
                Evidence = hints,
                Remedy =
                [
                    "update the kernel and reboot: dnf upgrade kernel, or apt-get install linux-image-amd64",
                    "proof is a trial: modprobe vsock_loopback, then parent-proxy doctor (vsock-large-writes, vsock-small-writes)",
                ],
            }]);
    }

    private static IEnumerable<string> Hints(Version release, DateOnly? built)
    {
        // 059b7dbd20a6 without 2a12c05aef21.
        if (release is { Major: 6, Minor: 12, Build: 92 or 93 })
            yield return "6.12.92 and 6.12.93: many small writes to an enclave that pauses are lost without an error";
        else if (CountsPackets(release) && (built is not { } at || at < CountFixed))
            yield return "many small writes (129 to 575 bytes) to an enclave that pauses may reset the connection (fixed in July 2026)";
        var isDeaf = (release.Major, release.Minor) switch
        {
            (7, 0) => release.Build < 9,
            (6, 12) => release.Build < 90,
            ( > 7, _) or (7, > 0) => false,
            _ => built is { } day && day < AcceptFixed,
        };
        if (isDeaf)
            yield return "CVE-2026-46214: a vsock listener may go deaf for good, which resets every connection of enclaves to egress";
        if (release < new Version(7, 0, 0) && built < CreditFixed)
            yield return "CVE-2026-23086: an enclave that announces a large buffer can take up this machine's memory";
    }

    /// <summary>Whether the release resets what the ones before lost: a4f0b001782b without 2a12c05aef21.</summary>
    private static bool CountsPackets(Version release) =>
        release is { Major: 6, Minor: 12, Build: >= 94 } or { Major: 7, Minor: 0, Build: >= 9 } or { Major: 7, Minor: 1, Build: < 6 };

    private static Version Number(string release) =>
        ReleasePattern().Match(release) is { Success: true } match ? new Version(match.Value) : new Version(0, 0, 0);

    /// <summary>The day in what <c>/proc/version</c> says of the build; null where it has none.</summary>
    private static DateOnly? BuiltOn(string version)
    {
        if (IsoDay().Match(version) is { Success: true } iso
            && DateOnly.TryParseExact(iso.Groups[1].Value, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day))
            return day;
        return UnixDay().Match(version) is { Success: true } unix
            ? new DateOnly(
                int.Parse(unix.Groups[3].Value, CultureInfo.InvariantCulture),
                Array.IndexOf(Months, unix.Groups[1].Value) + 1,
                int.Parse(unix.Groups[2].Value, CultureInfo.InvariantCulture))
            : null;
    }

    [GeneratedRegex(@"^\d+\.\d+\.\d+", RegexOptions.CultureInvariant)]
    private static partial Regex ReleasePattern();

    [GeneratedRegex(@"\((\d{4}-\d\d-\d\d)\)", RegexOptions.CultureInvariant)]
    private static partial Regex IsoDay();

    [GeneratedRegex(
        @"(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) +([12]?\d|3[01]) [\d:]+ \w+ (\d{4})", RegexOptions.CultureInvariant)]
    private static partial Regex UnixDay();
}
