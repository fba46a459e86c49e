using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Tests.Support;

/// <summary>A self-signed certificate for 127.0.0.1 with its key, in one file.</summary>
internal sealed class TestCertificate : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public TestCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256);
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        Hash = certificate.GetCertHashString();
        File.WriteAllText(Path, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
    }

    public string Path => _directory.File("certificate.pem");

    public string KeyPath => _directory.File("key.pem");

    public string Hash { get; }

    public void Dispose() => _directory.Dispose();
}
