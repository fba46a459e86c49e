using System.Net;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Sections;

namespace ParentProxy.Commands.Listeners;

/// <summary>A place where the proxy listens with a configuration.</summary>
/// <param name="Text">The address, as it is written.</param>
/// <param name="Setting">The setting that holds it.</param>
/// <param name="Purpose">What for.</param>
internal sealed record ListenPlace(string Text, string Setting, string Purpose)
{
    /// <summary>Who is taken to connect to it, in words; empty where that is not said.</summary>
    public string Peer { get; init; } = "";

    /// <summary>The addresses of TCP; none for the others.</summary>
    public IReadOnlyList<IPEndPoint> Addresses { get; init; } = [];

    /// <summary>The path of a unix socket; null for the others.</summary>
    public string? SocketPath { get; init; }

    /// <summary>The port of vsock; null for the others.</summary>
    public uint? VsockPort { get; init; }

    /// <summary>Every place of a configuration.</summary>
    public static IReadOnlyList<ListenPlace> Of(ProxyOptions options) =>
    [
        .. options.Sections.GetSection($"{Names.Kestrel}:Endpoints").GetChildren().Select(endpoint =>
            OfUrl(endpoint["Url"] ?? "", $"{Names.Kestrel}:Endpoints:{endpoint.Key}", "HTTP")),
        .. options.Passthrough.Index().Select(entry =>
            new ListenPlace(entry.Item.Listen.Text, $"{nameof(ProxyOptions.Passthrough)}:{entry.Index}:Listen", "passthrough")
            {
                Addresses = entry.Item.Listen.Address is { } address ? [address] : [],
                SocketPath = entry.Item.Listen.SocketPath,
            }),
        .. options.Egress.Listeners.Select(listener =>
            new ListenPlace(listener.Listen.Text, Names.Egress, EgressSummary.Purpose(listener))
            {
                Peer = EgressSummary.Peer(listener),
                SocketPath = listener.Listen.SocketPath,
                VsockPort = listener.Listen.Port,
            }),
        OfUrl(options.Admin.Url, "Admin:Url", "status page, health and metrics"),
        .. options.Admin.MetricsUrl is { } metrics ? [OfUrl(metrics, "Admin:MetricsUrl", "metrics")] : Array.Empty<ListenPlace>(),
    ];

    private static ListenPlace OfUrl(string url, string setting, string purpose)
    {
        var address = ListenerAddress.Parse(url).Value;
        return new ListenPlace(url, setting, purpose)
        {
            Addresses = [.. address.Addresses.Select(one => new IPEndPoint(one, address.Port))],
            SocketPath = address.SocketPath,
        };
    }
}
