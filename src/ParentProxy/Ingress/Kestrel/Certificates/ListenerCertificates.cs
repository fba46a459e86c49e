using Microsoft.AspNetCore.Server.Kestrel;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Runtime;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>
/// The certificates of the HTTPS endpoints. Kestrel reads them once, when it binds, and chooses one for each handshake; in its
/// place comes here what its files hold by now. Connections that are open keep what they were shown.
/// </summary>
internal sealed class ListenerCertificates : IAsyncDisposable
{
    /// <summary>How often the files are looked at, as the configuration is.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(2);

    private readonly List<EndpointCertificates> _endpoints = [];
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly WakeSignal _asked = new();
    private readonly BackgroundLoop _loop;

    /// <summary>Reads the certificates that the configuration names. One that cannot be read is missing: Kestrel says why.</summary>
    public ListenerCertificates(IConfiguration sections, TimeProvider time, ILogger logger)
    {
        _time = time;
        _logger = logger;
        _loop = new BackgroundLoop(ex => RuntimeLog.LoopFailed(logger, "watch of the certificates", ex));
        var fallback = sections.GetSection("Kestrel:Certificates:Default");
        foreach (var endpoint in sections.GetSection("Kestrel:Endpoints").GetChildren())
        {
            if (endpoint["Url"]?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) == true)
                _endpoints.Add(new EndpointCertificates(endpoint, fallback));
        }
    }

    /// <summary>The certificates in use, in the order of the endpoints.</summary>
    public IReadOnlyList<ListenerCertificate> All => [.. Served.Select(served => served.Current).OfType<ListenerCertificate>()];

    /// <summary>The same, with what is to be said of their files.</summary>
    public IEnumerable<ServedCertificate> Served => _endpoints.SelectMany(endpoint => endpoint.Served);

    /// <summary>Who signs the certificates of clients, of the endpoints that say so.</summary>
    public IEnumerable<ClientAuthorities> Authorities => _endpoints.Select(endpoint => endpoint.Authorities).OfType<ClientAuthorities>();

    /// <summary>
    /// Has the handshakes of an endpoint take what is here. All of Kestrel's own settings hold: it calls this last, with what it
    /// has chosen by them.
    /// </summary>
    public void Use(EndpointConfiguration endpoint)
    {
        var name = endpoint.ConfigSection.Key;
        if (_endpoints.Find(one => one.Endpoint == name) is { } certificates)
            endpoint.HttpsOptions.OnAuthenticate = certificates.OnAuthenticate;
    }

    /// <summary>Resolves their chains, which may ask the network: not before the start.</summary>
    public void Prepare()
    {
        foreach (var served in Served)
            served.Prepare();
    }

    /// <summary>Watches the files from now on, if there are any.</summary>
    public void Start()
    {
        if (_endpoints.Count > 0)
            _loop.Start(RunAsync);
    }

    /// <summary>Has the files looked at soon.</summary>
    public void Ask() => _asked.Set();

    /// <summary>Looks at all files; not while another look goes on.</summary>
    public void Look()
    {
        foreach (var served in Served)
            served.Look(_time.GetUtcNow(), _logger);
        foreach (var authorities in Authorities)
            authorities.Look(_logger);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _loop.DisposeAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var asked = _asked.Next;
            Look();
            await WakeSignal.WaitAsync(asked, Interval, _time, cancellationToken);
        }
    }
}
