using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Tests.Support;

/// <summary>A self-signed certificate for 127.0.0.1 with its key, in one file.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestCertificate(DateTimeOffset? from = null, DateTimeOffset? until = null)
    {
        Hash = Renew(from ?? DateTimeOffset.UtcNow.AddDays(-1), until ?? DateTimeOffset.UtcNow.AddDays(1));
    }

    public string Path => _directory.File("certificate.pem");

    public string KeyPath => _directory.File("key.pem");

    /// <summary>That of the one which was there first.</summary>
    public string Hash { get; }

    /// <summary>Puts another one into the place of the one that is there; returns its hash.</summary>
    public string Renew(DateTimeOffset from, DateTimeOffset until)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(from, until);
        File.WriteAllText(Path, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
        return certificate.GetCertHashString();
    }

    public void Dispose() => _directory.Dispose();
}
