using System.Text.Json;
using ParentProxy.Configuration;

namespace ParentProxy.Telemetry.AccessLog;

/// <summary>The fields of a request that are logged under a configuration.</summary>
internal sealed class LoggedFields
{
    /// <summary>Sorts out the fields of a configuration.</summary>
    public LoggedFields(AccessLogOptions options)
    {
        Options = options;
        Host = Field("Host", JsonLine.Keys.Host);
        LoadBalancerTrace = Field("X-Amzn-Trace-Id", JsonLine.Keys.LoadBalancerTrace);
        Beside = [.. options.Headers.Select(name => Field(name, JsonEncodedText.Encode(KeyOf(name)))).DistinctBy(field => field.Key)];
        UserAgent = Find("User-Agent");
        Referer = Find("Referer");
    }

    /// <summary>What they come from.</summary>
    public AccessLogOptions Options { get; }

    /// <summary>The host that was asked for.</summary>
    public LoggedField Host { get; }

    /// <summary>The id that an ALB gives a request.</summary>
    public LoggedField LoadBalancerTrace { get; }

    /// <summary>The client's program; null when that is not logged.</summary>
    public LoggedField? UserAgent { get; }

    /// <summary>Where the client came from; null when that is not logged.</summary>
    public LoggedField? Referer { get; }

    /// <summary>Those that the configuration names.</summary>
    public IReadOnlyList<LoggedField> Beside { get; }

    private static string KeyOf(string name)
    {
        var key = LoggedField.CamelCase(name);
        return JsonLine.Keys.IsOurs(key) ? $"header{char.ToUpperInvariant(key[0])}{key[1..]}" : key;
    }

    private LoggedField Field(string name, JsonEncodedText key) => new(
        name,
        key,
        Options.RedactHeaders.Contains(name, StringComparer.OrdinalIgnoreCase),
        IsCutAtQuery: Options.RedactQuery && name.Equals("Referer", StringComparison.OrdinalIgnoreCase));

    private LoggedField? Find(string name) => Beside.FirstOrDefault(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase));
}
