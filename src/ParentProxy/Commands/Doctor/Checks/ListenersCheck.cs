using ParentProxy.Commands.Listeners;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>listener</c>: whether the proxy has each address that it is to listen on, or could have it.</summary>
internal sealed class ListenersCheck : IDoctorCheck
{
    private const string Id = "listener";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        if (@case.Options is not { } options)
        {
            return Task.FromResult<IReadOnlyList<CheckResult>>(
            [
                new CheckResult(Id, CheckStatus.Skip, "where the proxy is to listen is not known without a right configuration")
                {
                    Remedy = ["see configuration, above"],
                },
            ]);
        }

        var survey = new PlaceSurvey(@case.Machine, @case.Running);
        return Task.FromResult<IReadOnlyList<CheckResult>>(
            [.. ListenPlace.Of(options).Select(survey.Look).Select(report => Judge(@case, report))]);
    }

    private static CheckResult Judge(DoctorCase @case, PlaceReport report)
    {
        var isMissing = report.State == PlaceState.Free && @case.Running.Health is not null;
        var status = report.State switch
        {
            PlaceState.Taken or PlaceState.Impossible => CheckStatus.Fail,
            PlaceState.Untried => CheckStatus.Skip,
            _ when isMissing => CheckStatus.Warn,
            _ => CheckStatus.Ok,
        };
        return new CheckResult(
            Id, status, $"{report.Place.Text}: {(isMissing ? "the running proxy does not listen there" : report.Summary)}")
        {
            Subject = report.Place.Text,
            Evidence = [$"{report.Place.Purpose} ({report.Place.Setting})"],
            Remedy = isMissing ? ["systemctl restart parent-proxy: listeners of Kestrel and Admin take effect so"]
                : report.Remedy.Length > 0 ? [report.Remedy]
                : [],
        };
    }
}
