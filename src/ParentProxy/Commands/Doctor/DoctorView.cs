using ParentProxy.Runtime;

namespace ParentProxy.Commands.Doctor;

/// <summary>The results as JSON.</summary>
/// <param name="Version">That of this program.</param>
/// <param name="At">When they were gathered.</param>
/// <param name="Status">The worst of them; <c>skip</c> does not count.</param>
/// <param name="Checks">All of them, in the order of the report.</param>
internal sealed record DoctorView(string Version, DateTimeOffset At, CheckStatus Status, IReadOnlyList<CheckResult> Checks)
{
    /// <summary>The view of all results of a run.</summary>
    public static DoctorView Of(IReadOnlyList<CheckResult> results, DateTimeOffset at) =>
        new(ProgramVersion.Text, at, Worst(results), results);

    /// <summary>The worst of results.</summary>
    public static CheckStatus Worst(IReadOnlyList<CheckResult> results) =>
        results.Any(result => result.Status == CheckStatus.Fail) ? CheckStatus.Fail
        : results.Any(result => result.Status == CheckStatus.Warn) ? CheckStatus.Warn
        : CheckStatus.Ok;
}
