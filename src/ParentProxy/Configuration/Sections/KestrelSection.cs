using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;
using ParentProxy.Runtime;

namespace ParentProxy.Configuration.Sections;

/// <summary>
/// Section <c>Kestrel</c>. Kestrel reads it itself, once it binds: by then a mistake would end in a stack trace, and an
/// unknown key in silence.
/// </summary>
internal static class KestrelSection
{
    private const string Endpoints = "Endpoints";
    private const string Authorities = "ClientCertificateAuthorities";

    private static readonly ConfigurationNode Defaults = EntryTree.Build(
        [new SourceEntry([Names.Kestrel, Endpoints, "Http", "Url"], "http://0.0.0.0:6300", ConfigurationOrigin.File)],
        new ConfigurationReport());

    private static readonly string[] Protocols = ["Http1", "Http2", "Http1AndHttp2"];
    private static readonly string[] SslProtocols = ["None", "Tls12", "Tls13"];
    private static readonly string[] ClientCertificateModes =
        ["NoCertificate", "AllowCertificate", "RequireCertificate", "DelayCertificate"];

    /// <summary>What is configured, with our endpoint where no source names one.</summary>
    public static ConfigurationNode AddDefaults(ConfigurationNode root) =>
        root.Child(Names.Kestrel).Child(Endpoints).IsSet ? root : Layers.Merge(Defaults, root);

    /// <summary>Checks the section; returns the listeners of those endpoints that are right.</summary>
    public static IReadOnlyList<Listener> Read(SectionReader section)
    {
        var asksByDefault = section.Section("EndpointDefaults", ReadTlsAndProtocols);
        var hasDefaultCertificate = section
            .NamedSections("Certificates", ReadCertificate)
            .Contains("Default", StringComparer.OrdinalIgnoreCase);
        KestrelLimits.Check(section);

        var endpoints = section.NamedSections(Endpoints, endpoint => ReadEndpoint(endpoint, hasDefaultCertificate, asksByDefault));
        if (section.Ask(Endpoints) is { Shape: NodeShape.Object, Children.Count: 0 } empty)
            section.Report.Problem(empty.Location, "names no endpoint to listen on; without this key it is http://0.0.0.0:6300");
        return [.. endpoints.OfType<Listener>()];
    }

    private static Listener? ReadEndpoint(SectionReader section, bool hasDefaultCertificate, bool? asksByDefault)
    {
        var asks = ReadTlsAndProtocols(section) ?? asksByDefault ?? false;
        var certificate = section.Section("Certificate", ReadCertificate);
        var serverNames = section.NamedSections("Sni", ReadServerName);
        var names = serverNames.Select(name => name.HasCertificate).ToList();
        section.Optional("", ParseAuthorities, Authorities);
        if (section.Ask(Authorities) is { Value.Length: > 0 } authorities && !asks && !serverNames.Any(name => name.Asks == true))
            section.Report.Problem(
                authorities.Location, "has no effect without ClientCertificateMode: RequireCertificate or AllowCertificate");
        var proxyProtocol = section.Section("ProxyProtocol", below => ProxyProtocolOptions.Read(below, canSend: false));
        if (!section.TryRequired("Url", ListenerAddress.Parse, out var address))
            return null;

        var hasCertificate = hasDefaultCertificate || certificate is not null || (names.Count > 0 && names.All(known => known));
        if (address.Scheme == "https" && !hasCertificate)
            section.Report.Problem(
                section.Location,
                "is https without a certificate; set Certificate:Path (and KeyPath), here or in Kestrel:Certificates:Default");
        if (address.Scheme != "https")
            RefuseTls(section);
        var location = section.Ask("Url").Location;
        if (address.SocketPath is { } path && FileKind.NotASocket(path) is { } other)
            section.Report.Problem(
                location, $"{Quoted.Text(path)} is {other} and no socket, and left alone; name another path, or remove it");
        return new Listener(location, address) { Name = section.Key, ProxyProtocol = proxyProtocol };
    }

    // Kestrel does, when it binds: whoever wrote this expects TLS.
    private static void RefuseTls(SectionReader section)
    {
        foreach (var key in (string[])["Certificate", "Sni", "SslProtocols", "ClientCertificateMode"])
        {
            if (section.Ask(key) is var node && (node.IsSet || node.Children.Count > 0))
                section.Report.Problem(node.Location, "is for https alone; write https:// in Url, or leave it out");
        }
    }

    private static (bool HasCertificate, bool? Asks) ReadServerName(SectionReader section)
    {
        var asks = ReadTlsAndProtocols(section);
        return (section.Section("Certificate", ReadCertificate) is not null, asks);
    }

    // Whether clients are asked for a certificate; null if that is not said.
    private static bool? ReadTlsAndProtocols(SectionReader section)
    {
        section.OneOf("", Protocols, "Protocols");
        section.List([], text => Values.OneOf(text, SslProtocols), "SslProtocols");
        var mode = section.OneOf("", ClientCertificateModes, "ClientCertificateMode");
        return mode.Length == 0 ? null : !mode.Equals("NoCertificate", StringComparison.OrdinalIgnoreCase);
    }

    // The certificate's own name in the configuration, or null when none is named: by a path, or by a subject in a store.
    private static string? ReadCertificate(SectionReader section)
    {
        section.Optional("", ParseFile, "Path");
        section.Optional("", ParseFile, "KeyPath");
        section.Ask("Password");
        section.Optional("", Values.Label, "Subject");
        section.Optional("", Values.Label, "Store");
        section.OneOf("", ["CurrentUser", "LocalMachine"], "Location");
        section.Bool(false, "AllowInvalid");
        if (section.Ask("Path").IsSet && section.Ask("Subject") is { IsSet: true } subject)
            section.Report.Problem(subject.Location, "says where the certificate is, and so does Path: leave one of them out");

        // A path that was refused has been reported: it does not count as missing, too.
        return section.Ask("Path").IsSet || section.Ask("Subject").IsSet ? section.Key : null;
    }

    // Else nobody could connect, and nobody would know why.
    private static Parsed<string> ParseAuthorities(string text)
    {
        var path = Path.Combine(AppContext.BaseDirectory, text);
        if (!File.Exists(path))
            return new Mistake($"there is no file {Quoted.Text(text)}");
        try
        {
            var certificates = new X509Certificate2Collection();
            certificates.ImportFromPemFile(path);
            return certificates.Count > 0
                ? text
                : new Mistake($"{Quoted.Text(text)} holds no certificate in PEM form (-----BEGIN CERTIFICATE-----)");
        }
        catch (Exception ex) when (ex is CryptographicException or IOException or UnauthorizedAccessException)
        {
            return new Mistake($"{Quoted.Text(text)} cannot be read as certificates in PEM form: {ex.Message.TrimEnd('.')}");
        }
    }

    private static Parsed<string> ParseFile(string text) =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, text)) ? text : new Mistake($"there is no file {Quoted.Text(text)}");
}
