using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>
/// One certificate of an endpoint, which changes when its files do. One from a store stays as Kestrel read it. Looks are made by
/// one thread at a time; the rest is read from any.
/// </summary>
internal sealed class ServedCertificate
{
    private readonly string _endpoint;
    private readonly string? _serverName;
    private readonly IConfigurationSection _section;
    private readonly WatchedFiles? _files;
    private volatile ListenerCertificate? _current;
    private volatile SslStreamCertificateContext? _context;
    private volatile IReadOnlyList<string> _known = [];
    private LoadedCertificate? _loaded;

    /// <summary>Reads what is there. What cannot be read is missing: Kestrel says why when it binds.</summary>
    /// <param name="endpoint">The name of the endpoint in <c>Kestrel:Endpoints</c>.</param>
    /// <param name="serverName">The name in <c>Sni</c>; null for all that have no other.</param>
    /// <param name="section">Which names a file or a subject.</param>
    public ServedCertificate(string endpoint, string? serverName, IConfigurationSection section)
    {
        _endpoint = endpoint;
        _serverName = serverName;
        _section = section;
        if (section["Path"] is { } path)
        {
            _files = new WatchedFiles(section["KeyPath"] is { } key ? [path, key] : [path]);
            _files.Look(contents => Use(contents, now: null));
        }
        else
        {
            _current = FromStore();
        }
    }

    /// <summary>What new clients are shown; null if it could not be read.</summary>
    public ListenerCertificate? Current => _current;

    /// <summary>What takes the place of Kestrel's; null as long as that is the same.</summary>
    public SslStreamCertificateContext? Context => _context;

    /// <summary>Why another one that is in the files is not used; null if there is none.</summary>
    public string? Refusal => _files?.Refusal;

    /// <summary>Where it stands in the configuration.</summary>
    public string Path => _section.Path;

    /// <summary>
    /// Why no listener can be opened with what is there at the start; null if one can. To be asked before <see cref="Prepare"/>, and after
    /// a look, since what is wrong with a file is believed when it is seen twice.
    /// </summary>
    public string? Unusable
    {
        get
        {
            if (_files is null)
                return _current is null ? $"no valid certificate with a private key has the subject '{_section["Subject"]}'" : null;
            return (_loaded is null ? Refusal : _loaded.Unusable) is { } reason ? $"{_section["Path"]}: {reason}" : null;
        }
    }

    /// <summary>The name in <c>Sni</c>; null for all that have no other.</summary>
    public string? ServerName => _serverName;

    /// <summary>What a start would take from the store now; null if that is the same, or not in a store.</summary>
    public ListenerCertificate? Successor =>
        _files is null && FromStore() is { } now && now.Thumbprint != _current?.Thumbprint ? now : null;

    /// <summary>Whether this was the certificate here at some time: then it was what Kestrel read.</summary>
    public bool HasBeen(string thumbprint) => _known.Contains(thumbprint, StringComparer.Ordinal);

    /// <summary>Resolves the chain of what was read at first; may ask the network.</summary>
    public void Prepare()
    {
        if (_loaded is { Certificate.HasPrivateKey: true } loaded)
            _context = loaded.ToContext();
        _loaded = null;
    }

    /// <summary>Looks whether the files hold another certificate, and takes it over if it is good.</summary>
    public void Look(DateTimeOffset now, ILogger logger)
    {
        if (_files is null)
            return;
        var change = _files.Look(contents => Use(contents, now));
        var name = _serverName is null ? _endpoint : $"{_endpoint}, {_serverName}";
        if (change == FileChange.Used)
            IngressLog.CertificateReplaced(logger, name, _section["Path"]!, _current!.Subject, _current.NotAfter);
        else if (change == FileChange.Refused)
            IngressLog.CertificateRefused(logger, name, _section["Path"]!, Refusal!);
    }

    private string? Use(IReadOnlyList<byte[]> contents, DateTimeOffset? now)
    {
        var loaded = LoadedCertificate.Read(contents[0], contents.ElementAtOrDefault(1), _section["Password"]);
        if (now is { } moment && loaded.Problem(moment) is { } problem)
            return problem;
        if (now is null)
            _loaded = loaded;
        else
            _context = loaded.ToContext();
        _current = ListenerCertificate.Of(_endpoint, _serverName, _section["Path"]!, isFile: true, loaded.Certificate);
        _known = [.. _known, loaded.Certificate.Thumbprint];
        return null;
    }

    private ListenerCertificate? FromStore()
    {
        try
        {
            var isNamed = Enum.TryParse<StoreLocation>(_section["Location"], ignoreCase: true, out var location);
            using var store = new X509Store(_section["Store"] ?? "My", isNamed ? location : StoreLocation.CurrentUser);
            store.Open(OpenFlags.ReadOnly);
            var isAnyAllowed = string.Equals(_section["AllowInvalid"], "true", StringComparison.OrdinalIgnoreCase);
            var subject = _section["Subject"]!;
            var certificate = store.Certificates
                .Find(X509FindType.FindBySubjectName, subject, validOnly: !isAnyAllowed)
                .Where(certificate => certificate.HasPrivateKey)
                .MaxBy(certificate => certificate.NotAfter);
            return certificate is null ? null : ListenerCertificate.Of(_endpoint, _serverName, subject, isFile: false, certificate);
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
