using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Telemetry;

namespace ParentProxy.Commands;

/// <summary><c>parent-proxy check</c>: what <c>run</c> would do with the configuration, without doing it.</summary>
internal static class CheckCommand
{
    /// <summary>Prints what the configuration comes to, or every mistake in it. Opens no listener and dials nothing.</summary>
    /// <param name="sources">What the configuration is read from.</param>
    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(ConfigurationSources sources)
    {
        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is { } options)
            loaded = await AddWhatTheStartFindsAsync(loaded, options);
        if (loaded.Problems.Count > 0)
        {
            await Console.Error.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Failed;
        }

        foreach (var line in ConfigurationSummary.Lines(loaded, loaded.Options!))
            await Console.Out.WriteLineAsync(line);
        return ExitCode.Ok;
    }

    /// <summary>What is not seen in the configuration itself: in variables of others, and in files that it names.</summary>
    private static async Task<ConfigurationResult<ProxyOptions>> AddWhatTheStartFindsAsync(
        ConfigurationResult<ProxyOptions> loaded, ProxyOptions options)
    {
        var problems = new List<ConfigurationProblem>();
        try
        {
            _ = OtlpSettings.Of(Environment.GetEnvironmentVariable);
        }
        catch (FormatException ex)
        {
            problems.Add(new ConfigurationProblem(OtlpSettings.Variable, ex.Message));
        }

        await using var certificates = new ListenerCertificates(options.Sections, TimeProvider.System, NullLogger.Instance);

        certificates.Look();
        problems.AddRange(certificates.Served
            .Where(served => served.Unusable is not null)
            .Select(served => new ConfigurationProblem(served.Path, served.Unusable!))
            .Distinct());
        var findings = CertificateFindings.Of(certificates, TimeProvider.System.GetUtcNow())
            .Select(finding => new ConfigurationProblem(finding.Subject, finding.Text));
        return loaded with { Problems = problems, Warnings = [.. loaded.Warnings, .. findings] };
    }
}
