using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Configuration;
using ParentProxy.Ingress.Kestrel.Certificates;
using ParentProxy.Telemetry;

namespace ParentProxy.Commands.Check;

/// <summary>
/// A configuration with what only a start would find: not in the configuration itself, but in variables of others and in the files that
/// it names.
/// </summary>
internal static class WholeConfiguration
{
    /// <summary>Reads it. Opens no listener and dials nothing.</summary>
    /// <param name="sources">What it is read from.</param>
    public static async Task<ConfigurationResult<ProxyOptions>> LoadAsync(ConfigurationSources sources)
    {
        var loaded = ConfigurationLoader.Load(sources);
        return loaded.Options is { } options ? await AddAsync(loaded, options, sources) : loaded;
    }

    private static async Task<ConfigurationResult<ProxyOptions>> AddAsync(
        ConfigurationResult<ProxyOptions> loaded, ProxyOptions options, ConfigurationSources sources)
    {
        var problems = new List<ConfigurationProblem>();
        try
        {
            _ = OtlpSettings.Of(name => sources.Variables[name]);
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
        return loaded with
        {
            Options = problems.Count == 0 ? options : null,
            Problems = problems,
            Warnings = [.. loaded.Warnings, .. findings],
        };
    }
}
