using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ParentProxy.Html;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>What the files of a certificate hold: read as Kestrel reads them, but from bytes that were read once.</summary>
/// <param name="Certificate">The server's own, with its private key if that is there.</param>
/// <param name="Intermediates">What else is in the file; Kestrel sends of it what leads to the root.</param>
internal sealed record LoadedCertificate(X509Certificate2 Certificate, X509Certificate2Collection Intermediates)
{
    private const string ServerAuthentication = "1.3.6.1.5.5.7.3.1";

    /// <summary>Finds the server's own, joins its key to it, and takes the rest as the chain. Their dates are not looked at.</summary>
    /// <param name="certificate">PEM, DER or PKCS #12.</param>
    /// <param name="key">PEM; null if the private key is in <paramref name="certificate"/>.</param>
    /// <param name="password">Of the private key, or of PKCS #12; null for none.</param>
    /// <exception cref="CryptographicException">They hold no certificate, or no key that fits it.</exception>
    public static LoadedCertificate Read(byte[] certificate, byte[]? key, string? password)
    {
        if (ContentType(certificate) == X509ContentType.Pkcs12)
        {
            var all = X509CertificateLoader.LoadPkcs12Collection(certificate, password);
            var own = all.FirstOrDefault(one => one.HasPrivateKey) ?? throw new CryptographicException("it holds no private key");
            all.Remove(own);
            return new LoadedCertificate(own, all);
        }

        var leaf = X509CertificateLoader.LoadCertificate(certificate);
        var intermediates = new X509Certificate2Collection();
        intermediates.ImportFromPem(Encoding.UTF8.GetString(certificate));
        return new LoadedCertificate(key is null ? leaf : WithKey(leaf, Encoding.UTF8.GetString(key), password), intermediates);
    }

    /// <summary>Why no listener can be opened with it, whatever the date; null if one can.</summary>
    public string? Unusable
    {
        get
        {
            if (!Certificate.HasPrivateKey)
                return "it holds no private key, and no KeyPath is set";
            var usages = Certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().ToList();
            return usages.Count == 0 || usages.Exists(IsForServers) ? null : "it is not for servers (extended key usage)";
        }
    }

    /// <summary>Why clients would refuse it, or TLS would; null if there is nothing.</summary>
    public string? Problem(DateTimeOffset now)
    {
        if (Unusable is { } reason)
            return reason;
        var (from, until) = (Moment(Certificate.NotBefore), Moment(Certificate.NotAfter));
        if (until <= now)
            return $"it expired on {Words.Moment(until)}";
        return from > now ? $"it is valid only from {Words.Moment(from)} on" : null;
    }

    /// <summary>What connections take. Looks for what is missing of the chain, over the network too: not on a connection's path.</summary>
    public SslStreamCertificateContext ToContext() => SslStreamCertificateContext.Create(Certificate, Intermediates);

    /// <summary>A date of a certificate, whose kind is the local time.</summary>
    public static DateTimeOffset Moment(DateTime date) => new(date.ToUniversalTime());

    private static bool IsForServers(X509EnhancedKeyUsageExtension usage) =>
        usage.EnhancedKeyUsages.Cast<Oid>().Any(oid => oid.Value == ServerAuthentication);

    private static X509ContentType ContentType(byte[] file)
    {
        var type = X509ContentType.Unknown;
        try
        {
            type = X509Certificate2.GetCertContentType(file);
        }
        catch (Exception ex) when (ex is CryptographicException or ArgumentException)
        {
            // Broken, or empty.
        }

        return type is X509ContentType.Cert or X509ContentType.Pkcs12
            ? type
            : throw new CryptographicException("it holds no certificate, or a broken one");
    }

    private static X509Certificate2 WithKey(X509Certificate2 leaf, string key, string? password)
    {
        try
        {
            return password is null
                ? X509Certificate2.CreateFromPem(leaf.ExportCertificatePem(), key)
                : X509Certificate2.CreateFromEncryptedPem(leaf.ExportCertificatePem(), key, password);
        }
        catch (ArgumentException ex)
        {
            // The runtime says so of a key of another certificate.
            throw new CryptographicException("the private key is not that of the certificate", ex);
        }
    }
}
