using System.Globalization;
using ParentProxy.Configuration;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>clock</c>: whether somebody sets it. Attestation documents and certificates are judged by it.</summary>
internal sealed class ClockCheck : IDoctorCheck
{
    private const string Id = "clock";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<CheckResult>>([Judge(@case)]);

    private static CheckResult Judge(DoctorCase @case)
    {
        var clock = @case.Machine.Clock();
        var now = clock.Utc.ToString("yyyy-MM-dd HH:mm:ss 'UTC'", CultureInfo.InvariantCulture);
        if (clock.Failure is { } errno)
        {
            return new CheckResult(Id, CheckStatus.Skip, $"it is {now} by the clock; how good that is cannot be asked: {errno.Name}")
            {
                Remedy = ["timedatectl; chronyc tracking"],
            };
        }

        if (clock.IsSynchronized)
        {
            return new CheckResult(Id, CheckStatus.Ok, string.Create(
                CultureInfo.InvariantCulture, $"it is set by somebody, at most {clock.MaxError.TotalSeconds:0.###} s off ({now})"));
        }

        var isJudged = @case.Settings.Attestation.Mode != AttestationMode.Off || @case.Settings.Egress.Time is not null;
        return new CheckResult(Id, CheckStatus.Warn, $"nobody sets the clock ({now})")
        {
            Evidence =
            [
                "adjtimex: STA_UNSYNC",
                .. isJudged ? new[] { "the configuration needs it: Attestation:Mode, Egress:Time" } : [],
            ],
            Remedy = ["systemctl enable --now chronyd; chronyc tracking (AWS's time server is 169.254.169.123)"],
        };
    }
}
