using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Admin</c>.</summary>
internal sealed record AdminOptions
{
    /// <summary>Where the admin listener listens; loopback, so that no load balancer exposes it.</summary>
    public string Url { get; init; } = "http://127.0.0.1:9464";

    /// <summary>Names that <c>Host</c> may carry beside IP literals and <c>localhost</c>.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Reads the section.</summary>
    public static AdminOptions Read(SectionReader section)
    {
        var defaults = new AdminOptions();
        section.NotAvailable("MetricsUrl");
        return new AdminOptions
        {
            Url = section.Text(defaults.Url),
            AllowedHosts = section.List(defaults.AllowedHosts, Values.Host),
        };
    }
}
