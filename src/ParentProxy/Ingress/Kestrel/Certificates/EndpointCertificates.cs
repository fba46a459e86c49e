using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.Extensions.Configuration;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>The certificates of one HTTPS endpoint, and who signs those of its clients.</summary>
internal sealed class EndpointCertificates
{
    private readonly List<ServedCertificate> _served = [];

    /// <summary>Reads those that the endpoint's section names.</summary>
    /// <param name="section">That of the endpoint.</param>
    /// <param name="fallback">That of the certificate which is for all endpoints without one.</param>
    public EndpointCertificates(IConfigurationSection section, IConfigurationSection fallback)
    {
        Endpoint = section.Key;
        if (section["ClientCertificateAuthorities"] is { } authorities)
            Authorities = new ClientAuthorities(Endpoint, authorities);

        // With names, the endpoint's own is for those of them that have none.
        var names = section.GetSection("Sni").GetChildren().ToList();
        var named = names.Where(name => IsSet(name.GetSection("Certificate"))).ToList();
        if (names.Count == 0 || named.Count < names.Count)
        {
            var own = section.GetSection("Certificate");
            var used = IsSet(own) ? own : fallback;
            if (IsSet(used))
                _served.Add(new ServedCertificate(Endpoint, null, used));
        }

        foreach (var name in named)
            _served.Add(new ServedCertificate(Endpoint, name.Key, name.GetSection("Certificate")));
    }

    /// <summary>The name of the endpoint in <c>Kestrel:Endpoints</c>.</summary>
    public string Endpoint { get; }

    /// <summary>What its clients are shown.</summary>
    public IReadOnlyList<ServedCertificate> Served => _served;

    /// <summary>Who signs the certificates of clients; null if those do whom the machine trusts.</summary>
    public ClientAuthorities? Authorities { get; }

    /// <summary>Puts into a handshake what is in use now; Kestrel has done its part.</summary>
    public void OnAuthenticate(ConnectionContext connection, SslServerAuthenticationOptions options)
    {
        if (Authorities is { } authorities)
            options.CertificateChainPolicy = authorities.NewPolicy();
        if (Find(connection, options)?.Context is not { } context)
            return;
        options.ServerCertificateContext = context;
        options.ServerCertificate = context.TargetCertificate;
    }

    // Kestrel has matched the server name; which certificate it found is known by what was in the files when it read them.
    private ServedCertificate? Find(ConnectionContext connection, SslServerAuthenticationOptions options)
    {
        if (_served.Count == 1)
            return _served[0];
        var chosen = options.ServerCertificateContext?.TargetCertificate ?? options.ServerCertificate as X509Certificate2;
        if (chosen is null)
            return null;
        var thumbprint = chosen.Thumbprint;
        var found = _served.Where(served => served.HasBeen(thumbprint)).ToList();
        if (found.Count < 2)
            return found.FirstOrDefault();

        // Two files held the same one at the start, and only one of them may still.
        var name = connection.Features.Get<ITlsHandshakeFeature>()?.HostName;
        return found.Find(served => string.Equals(served.ServerName, name, StringComparison.OrdinalIgnoreCase))
            ?? found.Find(served => name is { Length: > 0 } && served.Context?.TargetCertificate.MatchesHostname(name) == true)
            ?? found[0];
    }

    private static bool IsSet(IConfigurationSection section) => section["Path"] is not null || section["Subject"] is not null;
}
