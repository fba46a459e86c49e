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
        section.Section("EndpointDefaults", ReadTlsAndProtocols);
        var hasDefaultCertificate = section
            .NamedSections("Certificates", ReadCertificate)
            .Contains("Default", StringComparer.OrdinalIgnoreCase);
        KestrelLimits.Check(section);

        var endpoints = section.NamedSections(Endpoints, endpoint => ReadEndpoint(endpoint, hasDefaultCertificate));
        if (section.Ask(Endpoints) is { Shape: NodeShape.Object, Children.Count: 0 } empty)
            section.Report.Problem(empty.Location, "names no endpoint to listen on; without this key it is http://0.0.0.0:6300");
        return [.. endpoints.OfType<Listener>()];
    }

    private static Listener? ReadEndpoint(SectionReader section, bool hasDefaultCertificate)
    {
        ReadTlsAndProtocols(section);
        var certificate = section.Section("Certificate", ReadCertificate);
        var names = section.NamedSections("Sni", ReadServerName);
        var proxyProtocol = section.Section("ProxyProtocol", below => ProxyProtocolOptions.Read(below, canSend: false));
        if (!section.TryRequired("Url", ListenerAddress.Parse, out var address))
            return null;

        var hasCertificate = hasDefaultCertificate || certificate is not null || (names.Count > 0 && names.All(known => known));
        if (address.Scheme == "https" && !hasCertificate)
            section.Report.Problem(
                section.Location,
                "is https without a certificate; set Certificate:Path (and KeyPath), here or in Kestrel:Certificates:Default");
        var location = section.Ask("Url").Location;
        if (address.SocketPath is { } path && FileKind.NotASocket(path) is { } other)
            section.Report.Problem(
                location, $"{Quoted.Text(path)} is {other} and no socket, and left alone; name another path, or remove it");
        return new Listener(location, address) { Name = section.Key, ProxyProtocol = proxyProtocol };
    }

    private static bool ReadServerName(SectionReader section)
    {
        ReadTlsAndProtocols(section);
        return section.Section("Certificate", ReadCertificate) is not null;
    }

    private static bool ReadTlsAndProtocols(SectionReader section)
    {
        section.OneOf("", Protocols, "Protocols");
        section.List([], text => Values.OneOf(text, SslProtocols), "SslProtocols");
        section.OneOf("", ClientCertificateModes, "ClientCertificateMode");
        return true;
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
        // A path that was refused has been reported: it does not count as missing, too.
        return section.Ask("Path").IsSet || section.Ask("Subject").IsSet ? section.Key : null;
    }

    private static Parsed<string> ParseFile(string text) =>
        File.Exists(Path.Combine(AppContext.BaseDirectory, text)) ? text : new Mistake($"there is no file {Quoted.Text(text)}");
}
