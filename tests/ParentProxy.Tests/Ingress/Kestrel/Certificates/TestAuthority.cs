using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel.Certificates;

/// <summary>A private authority: a root that signs an intermediate, which signs servers and clients.</summary>
internal sealed class TestAuthority : IDisposable
{
    private const string Servers = "1.3.6.1.5.5.7.3.1";
    private const string Clients = "1.3.6.1.5.5.7.3.2";

    private readonly TemporaryDirectory _directory = new();
    private readonly X509Certificate2 _intermediate;

    public TestAuthority(string name)
    {
        Root = Issue($"CN={name} root", null, isAuthority: true, null, []);
        _intermediate = Issue($"CN={name} intermediate", Root, isAuthority: true, null, []);
        File.WriteAllText(RootPath, Root.ExportCertificatePem());
    }

    public X509Certificate2 Root { get; }

    public string RootPath => _directory.File("root.pem");

    public string Path(string name) => _directory.File($"{name}.pem");

    public string KeyPath(string name) => _directory.File($"{name}.key");

    /// <summary>Writes a certificate, with the intermediate behind it, and its key; returns its thumbprint.</summary>
    public string WriteServer(string name, string host, bool isForServers = true, int days = 1)
    {
        using var certificate = Issue("CN=server", _intermediate, isAuthority: false, host, [isForServers ? Servers : Clients], days);
        File.WriteAllText(Path(name), $"{certificate.ExportCertificatePem()}\n{_intermediate.ExportCertificatePem()}\n");
        using var key = certificate.GetECDsaPrivateKey()!;
        File.WriteAllText(KeyPath(name), key.ExportPkcs8PrivateKeyPem());
        return certificate.Thumbprint;
    }

    /// <summary>The certificate of a client, and what it has to send with it.</summary>
    public X509Certificate2 Client(bool isForClients = true) =>
        Issue("CN=client", _intermediate, isAuthority: false, null, [isForClients ? Clients : Servers]);

    public X509Certificate2Collection Intermediates => [_intermediate];

    public void Dispose() => _directory.Dispose();

    private static X509Certificate2 Issue(
        string name, X509Certificate2? issuer, bool isAuthority, string? host, string[] usages, int days = 1)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(isAuthority, false, 0, true));
        if (usages.Length > 0)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages.Select(usage => new Oid(usage))], false));
        if (host is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddDnsName(host);
            request.CertificateExtensions.Add(names.Build());
        }

        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-2), DateTimeOffset.UtcNow.AddDays(days));
        if (issuer is null)
            return request.CreateSelfSigned(from, until.AddDays(1));
        if (isAuthority)
            until = until.AddHours(1);
        using var certificate = request.Create(issuer, from, until, RandomNumberGenerator.GetBytes(8));
        return certificate.CopyWithPrivateKey(key);
    }
}
