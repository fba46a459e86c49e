using System.Security.Cryptography.X509Certificates;
using System.Text;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>
/// Who signs the certificates of an endpoint's clients, in place of all that the machine trusts: the certificates in a file, which
/// is looked at again. Looks are made by one thread at a time.
/// </summary>
internal sealed class ClientAuthorities
{
    private readonly string _path;
    private readonly WatchedFiles _files;

    // Nobody is trusted while there are none.
    private volatile X509Certificate2Collection _trusted = [];

    public ClientAuthorities(string endpoint, string path)
    {
        Endpoint = endpoint;
        _path = path;
        _files = new WatchedFiles(path);
        _files.Look(contents => Use(contents[0]));
    }

    /// <summary>The name of the endpoint in <c>Kestrel:Endpoints</c>.</summary>
    public string Endpoint { get; }

    /// <summary>Why what is in the file now is not used, with the file; null if it is.</summary>
    public string? Refusal => _files.Refusal is { } reason ? $"{_path}: {reason}" : null;

    /// <summary>Reads all certificates of a PEM file.</summary>
    /// <exception cref="System.Security.Cryptography.CryptographicException">One of them is broken.</exception>
    public static X509Certificate2Collection Read(byte[] file)
    {
        var all = new X509Certificate2Collection();
        all.ImportFromPem(Encoding.UTF8.GetString(file));
        return all;
    }

    /// <summary>
    /// How a client's certificate is checked. Revocation is not: there is nobody to ask on a machine without a way out, and a
    /// client must not wait for an answer.
    /// </summary>
    public X509ChainPolicy NewPolicy()
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(_trusted);
        return policy;
    }

    /// <summary>Looks whether the file holds others, and takes them over.</summary>
    public void Look(ILogger logger)
    {
        var change = _files.Look(contents => Use(contents[0]));
        if (change == FileChange.Used)
            IngressLog.AuthoritiesReplaced(logger, Endpoint, _path, string.Join(", ", _trusted.Select(one => one.Subject)));
        else if (change == FileChange.Refused)
            IngressLog.AuthoritiesRefused(logger, Endpoint, _path, _files.Refusal!);
    }

    private string? Use(byte[] file)
    {
        var all = Read(file);
        if (all.Count == 0)
            return "it holds no certificate";
        _trusted = all;
        return null;
    }
}
