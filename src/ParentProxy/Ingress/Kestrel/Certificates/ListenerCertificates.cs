using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>
/// The certificates of the HTTPS endpoints. Kestrel reads them once, when it binds, and shows them to nobody but clients:
/// so they are read here in the same way, at the same time.
/// </summary>
internal sealed class ListenerCertificates
{
    private readonly List<ListenerCertificate> _all = [];
    private readonly Dictionary<ListenerCertificate, IConfigurationSection> _sections = new(ReferenceEqualityComparer.Instance);

    /// <summary>Reads the certificates that the configuration names. One that cannot be read is missing: Kestrel says why.</summary>
    public ListenerCertificates(IConfiguration sections)
    {
        var fallback = sections.GetSection("Kestrel:Certificates:Default");
        foreach (var endpoint in sections.GetSection("Kestrel:Endpoints").GetChildren())
        {
            if (endpoint["Url"]?.StartsWith("https:", StringComparison.OrdinalIgnoreCase) != true)
                continue;
            var names = endpoint.GetSection("Sni").GetChildren().ToList();
            var named = names.Where(name => IsSet(name.GetSection("Certificate"))).ToList();

            // With names, the endpoint's own is for those of them that have none.
            if (names.Count == 0 || named.Count < names.Count)
                Add(endpoint.Key, null, endpoint.GetSection("Certificate") is var own && IsSet(own) ? own : fallback);
            foreach (var name in named)
                Add(endpoint.Key, name.Key, name.GetSection("Certificate"));
        }
    }

    /// <summary>The certificates in use, in the order of the endpoints.</summary>
    public IReadOnlyList<ListenerCertificate> All => _all;

    /// <summary>What a start would read now in the place of a certificate; null when that cannot be read, or is the same.</summary>
    public ListenerCertificate? Successor(ListenerCertificate certificate) =>
        TryRead(certificate.Endpoint, certificate.ServerName, _sections[certificate]) is { } now && now.Thumbprint != certificate.Thumbprint
            ? now
            : null;

    private static bool IsSet(IConfigurationSection section) => section["Path"] is not null || section["Subject"] is not null;

    private void Add(string endpoint, string? serverName, IConfigurationSection section)
    {
        if (TryRead(endpoint, serverName, section) is not { } certificate)
            return;
        _all.Add(certificate);
        _sections.Add(certificate, section);
    }

    private static ListenerCertificate? TryRead(string endpoint, string? serverName, IConfigurationSection section)
    {
        try
        {
            if (section["Path"] is { } path)
            {
                using var certificate = FromFile(Path.Combine(AppContext.BaseDirectory, path), section["Password"]);
                return ListenerCertificate.Of(endpoint, serverName, path, isFile: true, certificate);
            }

            if (section["Subject"] is { } subject)
            {
                using var certificate = FromStore(subject, section);
                return certificate is null ? null : ListenerCertificate.Of(endpoint, serverName, subject, isFile: false, certificate);
            }
        }
        catch (Exception ex) when (ex is CryptographicException or IOException or UnauthorizedAccessException or ArgumentException)
        {
            // Of the start Kestrel tells; of a file that is just being replaced the next look.
        }

        return null;
    }

    private static X509Certificate2 FromFile(string path, string? password) =>
        X509Certificate2.GetCertContentType(path) == X509ContentType.Pkcs12
        ? X509CertificateLoader.LoadPkcs12FromFile(path, password)
        : X509CertificateLoader.LoadCertificateFromFile(path);

    private static X509Certificate2? FromStore(string subject, IConfigurationSection section)
    {
        var isNamed = Enum.TryParse<StoreLocation>(section["Location"], ignoreCase: true, out var location);
        using var store = new X509Store(section["Store"] ?? "My", isNamed ? location : StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadOnly);
        var isAnyAllowed = string.Equals(section["AllowInvalid"], "true", StringComparison.OrdinalIgnoreCase);
        return store.Certificates
            .Find(X509FindType.FindBySubjectName, subject, validOnly: !isAnyAllowed)
            .Where(certificate => certificate.HasPrivateKey)
            .MaxBy(certificate => certificate.NotAfter);
    }
}
