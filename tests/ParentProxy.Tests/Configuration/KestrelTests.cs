using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Configuration;
using ParentProxy.Configuration.Sections;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

public sealed class KestrelTests
{
    private static string Endpoints(params string[] urls) =>
        TestConfiguration.WithEnclave(
            $$""" "Kestrel": { "Endpoints": {"""
                + $$""" {{string.Join(", ", urls.Select((url, i) => $$""" "E{{i}}": { "Url": "{{url}}" } """))}} } } """);

    [Theory]
    [InlineData(""" "Endpoint": {} """, "Endpoint", "did you mean Endpoints?")]
    [InlineData(""" "Endpoints": {} """, "Endpoints", "no endpoint to listen on")]
    [InlineData(""" "Endpoints": { "A": {} } """, "Endpoints:A:Url", "is missing")]
    [InlineData(""" "Endpoints": { "A": { "Url": "0.0.0.0:80" } } """, "Endpoints:A:Url", "no address to listen on")]
    [InlineData(""" "Endpoints": { "A": { "Url": "ftp://0.0.0.0:80" } } """, "Endpoints:A:Url", "http://")]
    [InlineData(""" "Endpoints": { "A": { "Url": "http://0.0.0.0:80/x" } } """, "Endpoints:A:Url", "has a path")]
    [InlineData(""" "Endpoints": { "A": { "Url": "http://0.0.0.0:65536" } } """, "Endpoints:A:Url", "65535")]
    [InlineData(""" "Endpoints": { "A": { "Url": "http://localhost:0" } } """, "Endpoints:A:Url", "127.0.0.1:0")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://unix:/run/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"""
            + """aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" } } """,
        "Endpoints:A:Url",
        "a unix socket's at most")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "Protocols": "Http4" } } """,
        "Endpoints:A:Protocols",
        "Http1, Http2, Http1AndHttp2")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "Protocol": "Http1" } } """, "Endpoints:A:Protocol", "did you mean Protocols?")]
    [InlineData(""" "Endpoints": { "A": { "Url": "https://*:80" } } """, "Endpoints:A", "https without a certificate")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "https://*:80", "Certificate": { "Path": "/nonexistent.pem" } } } """,
        "Endpoints:A:Certificate:Path",
        "there is no file")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "ProxyProtocol": { "Accept": "yes" } } } """,
        "Endpoints:A:ProxyProtocol:Accept",
        "'yes' is none of none, optional, required")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "ProxyProtocol": { "Send": "v1" } } } """,
        "Endpoints:A:ProxyProtocol:Send",
        "is for Passthrough only")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "ProxyProtocol": { "TrustedSource": [] } } } """,
        "Endpoints:A:ProxyProtocol:TrustedSource",
        "did you mean TrustedSources?")]
    [InlineData(
        """ "Endpoints": { "A": { "Url": "http://*:80", "ProxyProtocol": { "Accept": "required", "TrustedSources": [ "10.1" ] } } } """,
        "Endpoints:A:ProxyProtocol:TrustedSources:0",
        "is neither a network like 10.0.0.0/8 nor an address")]
    [InlineData(""" "EndpointDefaults": { "ProxyProtocol": {} } """, "EndpointDefaults:ProxyProtocol", "unknown key")]
    [InlineData(
        """ "EndpointDefaults": { "ClientCertificateMode": "RequireCertificate" }, "Endpoints": { "A": { "Url": "http://*:80","""
            + """ "ClientCertificateAuthorities": "/none" } } """,
        "Endpoints:A:ClientCertificateAuthorities",
        "there is no file '/none'")]
    [InlineData(
        """ "EndpointDefaults": { "ClientCertificateMode": "RequireCertificate" }, "Endpoints": { "A": { "Url": "http://*:80","""
            + """ "ClientCertificateAuthorities": "/proc/version" } } """,
        "Endpoints:A:ClientCertificateAuthorities",
        "'/proc/version' holds no certificate in PEM form")]
    [InlineData(""" "EndpointDefaults": { "Protocols": "h2" } """, "EndpointDefaults:Protocols", "none of")]
    [InlineData(""" "EndpointDefaults": { "SslProtocols": [ "Ssl3" ] } """, "EndpointDefaults:SslProtocols:0", "none of")]
    [InlineData(""" "Limits": { "KeepAliveTimeout": 5 } """, "Limits:KeepAliveTimeout", "hh:mm:ss")]
    [InlineData(""" "Limits": { "MaxRequestLineSize": -1 } """, "Limits:MaxRequestLineSize", "'-1'")]
    [InlineData(""" "Limits": { "MaxRequestLineSize": "big" } """, "Limits:MaxRequestLineSize", "'big'")]
    [InlineData(""" "Limits": { "MaxRequestLineSize": {} } """, "Limits:MaxRequestLineSize", "is no single value")]
    [InlineData(""" "Limits": { "KeepAliveTimeuot": "00:00:05" } """, "Limits:KeepAliveTimeuot", "did you mean KeepAliveTimeout?")]
    [InlineData(""" "Limits": { "Http2": { "MaxStreamsPerConnection": 0 } } """, "Limits:Http2:MaxStreamsPerConnection", "'0'")]
    [InlineData(""" "Limits": { "Http2": { "MaxStream": 1 } } """, "Limits:Http2:MaxStream", "unknown key")]
    [InlineData(""" "Limits": { "Http2": 5 } """, "Limits:Http2", "is no object with keys")]
    [InlineData(""" "Limits": 5 """, "Limits", "is a value, not an object")]
    public void Load_OneMistake_IsReportedAtItsPath(string section, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Kestrel": { {{section}} } """)));
        Assert.StartsWith($"Kestrel:{path}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:80", "http://127.0.0.1:80")]
    [InlineData("http://[::]:80", "http://127.0.0.1:80")]
    [InlineData("http://*:80", "http://[::1]:80")]
    [InlineData("http://+:80", "http://0.0.0.0:80")]
    [InlineData("http://example.com:80", "http://10.0.0.1:80")]
    [InlineData("http://localhost:80", "http://127.0.0.1:80")]
    [InlineData("http://localhost:80", "http://[::1]:80")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.1")]
    [InlineData("http://unix:/run/a.sock", "http://unix:/run/a.sock")]
    public void Load_ListenerUsedTwice_NamesBoth(string first, string second)
    {
        foreach (var urls in (string[][])[[first, second], [second, first]])
            Assert.Equal(
                ["Kestrel:Endpoints:E1:Url: listens where Kestrel:Endpoints:E0:Url does"], TestConfiguration.Refuse(Endpoints(urls)));
    }

    [Theory]
    [InlineData("http://0.0.0.0:80", "http://0.0.0.0:81")]
    [InlineData("http://127.0.0.1:80", "http://127.0.0.2:80")]
    [InlineData("http://0.0.0.0:80", "http://[::1]:80")]
    [InlineData("http://127.0.0.1:0", "http://127.0.0.1:0")]
    [InlineData("http://unix:/run/a.sock", "http://unix:/run/b.sock")]
    [InlineData("http://unix:/run/a.sock", "http://127.0.0.1:0")]
    public void Load_DifferentListeners_AreFine(string first, string second) => TestConfiguration.Accept(Endpoints(first, second));

    [Fact]
    public void Load_UnixListenersWhereSomethingElseIs_NamesAllOfThem()
    {
        using var directory = new TemporaryDirectory();
        File.WriteAllText(directory.File("file"), "precious");
        Directory.CreateDirectory(directory.File("folder"));
        File.CreateSymbolicLink(directory.File("link"), directory.File("nothing"));

        string[] names = ["file", "folder", "link", "free"];

        var problems = TestConfiguration.Refuse(Endpoints([.. names.Select(name => $"http://unix:{directory.File(name)}")]));

        Assert.Equal(3, problems.Length);
        foreach (var (i, kind) in ((string[])["an ordinary file", "a folder", "a link"]).Index())
        {
            Assert.StartsWith($"Kestrel:Endpoints:E{i}:Url: ", problems[i], StringComparison.Ordinal);
            Assert.Contains($"is {kind} and no socket", problems[i], StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("http://0.0.0.0:6300", "listens where Kestrel:Endpoints:Http:Url does")]
    [InlineData("https://127.0.0.1:9464", "no TLS")]
    [InlineData("127.0.0.1:9464", "no address to listen on")]
    [InlineData("", "is empty")]
    public void Load_ImpossibleAdminUrl_IsRefused(string url, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Admin": { "Url": "{{url}}" } """)));
        Assert.StartsWith("Admin:Url: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://0.0.0.0:9465")]
    [InlineData("")]
    public void Load_MetricsUrl_IsMeantToBeReached(string url)
    {
        var result = TestConfiguration.Load(TestConfiguration.WithEnclave($$""" "Admin": { "MetricsUrl": "{{url}}" } """));

        Assert.Equal(url.Length > 0 ? url : null, result.Options!.Admin.MetricsUrl);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public void Load_SameLimitInBothSections_IsRefused() => Assert.Equal(
        [
            "Kestrel:Limits:MaxConcurrentConnections: is the same limit as Limits:MaxConnections (Limits__MaxConnections); set one of them",
            "Kestrel:Limits:MaxRequestBodySize: is the same limit as Limits:MaxRequestBodyBytes; set one of them",
        ],
        TestConfiguration.Refuse(
            TestConfiguration.WithEnclave(
                """ "Kestrel": { "Limits": { "MaxConcurrentConnections": 1, "MaxRequestBodySize": 2 } }, "Limits": {"""
                    + """ "MaxRequestBodyBytes": 2 } """),
            "Limits__MaxConnections=5"));

    [Fact]
    public void Load_Limits_BindAsTheyWereValidated()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave(
            """
            "Kestrel": { "Limits": { "keepAliveTimeout": "00:00:07", "MaxRequestBodySize": null, "MaxConcurrentConnections": 5,
              "Http2": { "MaxStreamsPerConnection": 9 }, "MinRequestBodyDataRate": { "BytesPerSecond": 10, "GracePeriod": "00:00:05" } } }
            """));
        var limits = new KestrelServerLimits();
        options.Sections.GetSection("Kestrel:Limits").Bind(limits);
        Assert.Equal(
            (TimeSpan.FromSeconds(7), 5, 9),
            (limits.KeepAliveTimeout, limits.MaxConcurrentConnections, limits.Http2.MaxStreamsPerConnection));
        Assert.Equal("http://0.0.0.0:6300", options.Sections["Kestrel:Endpoints:Http:Url"]);
    }

    [Fact]
    public void Load_CertificateThatExists_IsFine()
    {
        var file = Path.GetTempFileName();
        try
        {
            TestConfiguration.Accept(TestConfiguration.WithEnclave(
                $$""" "Kestrel": { "Certificates": { "Default": { "Path": "{{file}}", "KeyPath": "{{file}}" } }, "Endpoints": {"""
                    + $$""" "A": { "Url": "https://*:1" } } } """));
            TestConfiguration.Accept(TestConfiguration.WithEnclave(
                $$""" "Kestrel": { "Endpoints": { "A": { "Url": "https://*:1", "Protocols": "Http1AndHttp2", "Certificate": {"""
                    + $$""" "Path": "{{file}}" } } } } """));
            TestConfiguration.Accept(TestConfiguration.WithEnclave(
                $$""" "Kestrel": { "Endpoints": { "A": { "Url": "https://*:1", "Sni": { "a.example": { "Certificate": {"""
                    + $$""" "Path": "{{file}}" } } } } } } """));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Load_ClientCertificateAuthorities_NeedAMode()
    {
        using var certificate = new TestCertificate();
        var endpoint = $$""" "Endpoints": { "A": { "Url": "https://*:1", "ClientCertificateAuthorities": "{{certificate.Path}}","""
            + $$""" "Certificate": { "Path": "{{certificate.Path}}" }""";

        Assert.Contains("has no effect without ClientCertificateMode", Assert.Single(Refuse(endpoint + " } }")), StringComparison.Ordinal);
        Assert.Single(Refuse(endpoint + """, "ClientCertificateMode": "NoCertificate" } }"""));
        Accept(endpoint + """, "ClientCertificateMode": "AllowCertificate" } }""");
        Accept(endpoint + """, "Sni": { "*": { "ClientCertificateMode": "RequireCertificate" } } } }""");
        Accept(endpoint + """ } }, "EndpointDefaults": { "ClientCertificateMode": "RequireCertificate" } """);

        static IReadOnlyList<string> Refuse(string section) =>
            [.. TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Kestrel": { {{section}} } """))];
        static void Accept(string section) =>
            TestConfiguration.Accept(TestConfiguration.WithEnclave($$""" "Kestrel": { {{section}} } """));
    }

    [Theory]
    [InlineData("http://127.0.0.1:1", true)]
    [InlineData("http://[::1]:1", true)]
    [InlineData("http://localhost:1", true)]
    [InlineData("http://unix:/run/a.sock", true)]
    [InlineData("http://0.0.0.0:1", false)]
    [InlineData("http://*:1", false)]
    [InlineData("http://admin.example:1", false)]
    public void IsLoopback_OfAnAddress(string url, bool loopback) => Assert.Equal(loopback, ListenerAddress.Parse(url).Value.IsLoopback);
}
