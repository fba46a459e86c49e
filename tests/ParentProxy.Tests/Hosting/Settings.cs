using System.Text.Json;

namespace ParentProxy.Tests.Hosting;

/// <summary>Configuration files for tests.</summary>
internal static class Settings
{
    /// <summary>Forwards to simulated enclaves by their URIs, which are probed often.</summary>
    public static string For(params IEnumerable<string> endpoints) => With(new { }, endpoints);

    /// <summary>The same, with further sections.</summary>
    public static string With(object sections, params IEnumerable<string> endpoints)
    {
        var all = new Dictionary<string, object>
        {
            ["Health"] = new { Probe = new { Interval = "00:00:00.2" } },
            ["Enclaves"] = endpoints.Select(Enclave).ToList(),
        };
        foreach (var property in JsonSerializer.SerializeToElement(sections).EnumerateObject())
            all[property.Name] = property.Value;
        return JsonSerializer.Serialize(all);
    }

    private static object Enclave(string uri)
    {
        if (uri.StartsWith("unix:", StringComparison.Ordinal))
            return new { Transport = "unix", Path = uri["unix:".Length..] };
        var address = new Uri(uri);
        return new { Transport = "tcp", TcpHost = address.Host, address.Port };
    }
}
