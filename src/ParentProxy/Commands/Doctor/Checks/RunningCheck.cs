using ParentProxy.Admin;
using ParentProxy.Commands.Listing;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary>
/// <c>service-answer</c>: whether the running proxy answers, and how it is. <c>service-configuration</c>: whether it runs with this
/// configuration.
/// </summary>
internal sealed class RunningCheck : IDoctorCheck
{
    private const string Answer = "service-answer";
    private const string Configuration = "service-configuration";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var running = @case.Running;
        return Task.FromResult<IReadOnlyList<CheckResult>>(running.Health is { } health
            ? [Health(health, running), Compare(@case, health)]
            : [None(running)]);
    }

    private static CheckResult None(RunningAnswer running) => running.IsForeign
        ? new CheckResult(Answer, CheckStatus.Fail, $"what answers on {running.Url} (Admin:Url) is not parent-proxy: {running.Failure}")
        {
            Remedy = ["ss -ltnp names the program that has the port", "stop it, or set Admin:Url to another port"],
        }
        : new CheckResult(Answer, CheckStatus.Warn, $"no parent-proxy answers on {running.Url} (Admin:Url): {running.Failure}")
        {
            Remedy =
            [
                "systemctl start parent-proxy, if it is to run",
                "if it runs with another Admin:Url, name its configuration: parent-proxy doctor --config FILE",
            ],
        };

    private static CheckResult Health(HealthView health, RunningAnswer running)
    {
        var summary = $"{health.Status}: {health.Healthy} of {health.Total} enclaves healthy, {health.MinHealthy} needed ({running.Url})";
        var evidence = health.Enclaves.Select(enclave =>
            $"{enclave.Id} ({enclave.Endpoint}): {EnclaveTable.Word(enclave.State)}, {enclave.Reason}").ToList();
        return health.Status switch
        {
            "healthy" => new CheckResult(Answer, CheckStatus.Ok, summary) { Evidence = evidence },
            "degraded" => new CheckResult(Answer, CheckStatus.Warn, summary)
            {
                Evidence = evidence,
                Remedy = ["parent-proxy enclaves; the checks of the enclaves below say more"],
            },
            "draining" => new CheckResult(Answer, CheckStatus.Warn, $"it is shutting down ({running.Url})"),
            _ => new CheckResult(Answer, CheckStatus.Fail, summary)
            {
                Evidence = evidence,
                Remedy = ["parent-proxy enclaves; the checks of the enclaves below say more"],
            },
        };
    }

    private static CheckResult Compare(DoctorCase @case, HealthView health)
    {
        if (health.Configuration is { LastReloadSucceeded: false } refused)
        {
            return new CheckResult(Configuration, CheckStatus.Fail, "the proxy refused the last change of its configuration")
            {
                Evidence = [.. refused.Problems],
                Remedy =
                [
                    "correct what is named above; it looks again by itself, every 2 s",
                    "journalctl -u parent-proxy -p warning -n 20",
                ],
            };
        }

        if (@case.Options is not { } options)
            return new CheckResult(Configuration, CheckStatus.Skip, "there is nothing to compare it with, without a right configuration")
            {
                Remedy = ["see configuration, above"],
            };
        var evidence = Differences(@case, health, options).ToList();
        if (evidence.Count > 0)
        {
            return new CheckResult(Configuration, CheckStatus.Warn, "the running proxy has a different configuration than this command")
            {
                Evidence = evidence,
                Remedy =
                [
                    "name its file: parent-proxy doctor --config FILE; its variables: --environment-file FILE",
                    "what else the unit sets: systemctl show -p Environment -p EnvironmentFiles parent-proxy",
                    "systemctl restart parent-proxy, if it is to take over this one",
                ],
            };
        }

        return health.Configuration is { NeedRestart: { Count: > 0 } waiting }
            ? new CheckResult(Configuration, CheckStatus.Warn, "some changes take effect only after a restart")
            {
                Evidence = [.. waiting],
                Remedy = ["systemctl restart parent-proxy"],
            }
            : new CheckResult(Configuration, CheckStatus.Ok, "the running proxy has this configuration, as far as it tells");
    }

    private static IEnumerable<string> Differences(DoctorCase @case, HealthView health, Configuration.ProxyOptions options)
    {
        if (health.Configuration is { } configuration && configuration.File != @case.Loaded.File)
            yield return $"it was read from {configuration.File ?? "no file"}, here from {@case.Loaded.File ?? "no file"}";
        var here = @case.Enclaves.All.Select(enclave => $"{enclave.Id} at {enclave.Endpoint}").ToList();
        var there = health.Enclaves.Select(enclave => $"{enclave.Id} at {enclave.Endpoint}").ToList();
        if (options.Discovery.Enabled)
            yield break;
        foreach (var missing in here.Except(there))
            yield return $"enclave {missing} is configured here, and not there";
        foreach (var other in there.Except(here))
            yield return $"enclave {other} is configured there, and not here";
    }
}
