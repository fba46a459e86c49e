using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Kestrel.Certificates;

/// <summary>Real handshakes with a proxy whose certificates change while it runs.</summary>
public sealed class HandshakeTests : IAsyncLifetime
{
    private const string Endpoint = "Kestrel:Endpoints:Secure:";

    private readonly TestAuthority _authority = new("a");
    private TestEnclave _enclave = null!;

    public async ValueTask InitializeAsync() => _enclave = await TestEnclave.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await _enclave.DisposeAsync();
        _authority.Dispose();
    }

    [Fact]
    public async Task Replaced_NewConnectionsAreShownIt_OpenOnesGoOn()
    {
        var first = _authority.WriteServer("a", "a.example");
        await using var proxy = await StartAsync(Certificate("a"));
        using var open = await ConnectAsync(proxy);
        Assert.Equal((first, 200), (Shown(open), await GetAsync(open)));

        var second = _authority.WriteServer("a", "a.example");
        proxy.Apply();
        await Eventually.TrueAsync(async () => await ShownAsync(proxy) == second);

        Assert.Equal(200, await GetAsync(open));
        Assert.Equal(first, Shown(open));
        using var after = await ConnectAsync(proxy);
        Assert.Equal((second, 200), (Shown(after), await GetAsync(after)));
        using var http2 = await ConnectAsync(proxy, protocol: SslApplicationProtocol.Http2);
        Assert.Equal((second, SslApplicationProtocol.Http2), (Shown(http2), http2.NegotiatedApplicationProtocol));
        await proxy.Log.WaitForAsync(entry => entry.Message.StartsWith("Certificate of Secure replaced: ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Refused_TheOneBeforeIsShown()
    {
        var first = _authority.WriteServer("a", "a.example");
        await using var proxy = await StartAsync(Certificate("a"));

        _authority.WriteServer("a", "a.example", days: -1);
        proxy.Apply();
        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("not replaced", StringComparison.Ordinal));

        Assert.Contains($"{_authority.Path("a")}: it expired on ", line.Message, StringComparison.Ordinal);
        Assert.Equal(first, await ShownAsync(proxy));
        Assert.Contains("was to be replaced and was not", await proxy.Admin.GetStringAsync("/"), StringComparison.Ordinal);
    }

    /// <summary>The client knows the root alone: what lies between has to come from the file.</summary>
    [Fact]
    public async Task Intermediates_AreSent_AtFirstAndAfterwards_ForNamesToo()
    {
        _authority.WriteServer("a", "a.example");
        var first = _authority.WriteServer("b", "b.example");
        await using var proxy = await StartAsync(
            [.. Certificate("a", "Kestrel:Certificates:Default:"), .. Certificate("b", $"{Endpoint}Sni:b.example:"),
                $"{Endpoint}Sni:*:Protocols=Http1"]);

        Assert.Equal(first, await ShownAsync(proxy, "b.example"));
        var fallback = await ShownAsync(proxy);
        var second = _authority.WriteServer("b", "b.example");
        proxy.Apply();
        await Eventually.TrueAsync(async () => await ShownAsync(proxy, "b.example") == second);

        Assert.Equal(fallback, await ShownAsync(proxy));
        var third = _authority.WriteServer("a", "a.example");
        proxy.Apply();
        await Eventually.TrueAsync(async () => await ShownAsync(proxy) == third);
        Assert.Equal(second, await ShownAsync(proxy, "b.example"));
    }

    /// <summary>Two files with one certificate, of which one is renewed: the name says which of the two is meant.</summary>
    [Fact]
    public async Task SameCertificateInTwoFiles_OneReplaced_OnlyThatOneChanges()
    {
        var first = _authority.WriteServer("a", "*.x.example");
        File.Copy(_authority.Path("a"), _authority.Path("b"));
        File.Copy(_authority.KeyPath("a"), _authority.KeyPath("b"));
        await using var proxy = await StartAsync(
            [.. Certificate("a", $"{Endpoint}Sni:a.x.example:"), .. Certificate("b", $"{Endpoint}Sni:*.x.example:")]);
        Assert.Equal(first, await ShownAsync(proxy, "b.x.example"));

        var second = _authority.WriteServer("b", "b.x.example");
        proxy.Apply();
        await Eventually.TrueAsync(async () => await ShownAsync(proxy, "b.x.example") == second);

        Assert.Equal(first, await ShownAsync(proxy, "a.x.example"));
    }

    [Theory]
    [InlineData("RequireCertificate", false)]
    [InlineData("AllowCertificate", true)]
    public async Task ClientCertificate_OfTheAuthority_IsAccepted_OthersAreRefused(string mode, bool withoutIsFine)
    {
        using var clients = new TestAuthority("clients");
        using var others = new TestAuthority("others");
        _authority.WriteServer("a", "a.example");
        await using var proxy = await StartAsync(
            [.. Certificate("a"), $"{Endpoint}ClientCertificateMode={mode}", $"{Endpoint}ClientCertificateAuthorities={clients.RootPath}"]);

        Assert.True(await IsServedAsync(proxy, clients.Client(), clients.Intermediates));
        Assert.False(await IsServedAsync(proxy, clients.Client(), []), "the intermediate is missing");
        Assert.False(await IsServedAsync(proxy, clients.Client(isForClients: false), clients.Intermediates), "a server's certificate");
        Assert.False(await IsServedAsync(proxy, others.Client(), others.Intermediates), "another authority's");
        Assert.False(await IsServedAsync(proxy, others.Root, []), "a self-signed one");
        Assert.Equal(withoutIsFine, await IsServedAsync(proxy, null, []));
    }

    [Fact]
    public async Task ClientCertificateAuthorities_Replaced_CountForNewConnections()
    {
        using var clients = new TestAuthority("clients");
        using var others = new TestAuthority("others");
        _authority.WriteServer("a", "a.example");
        await using var proxy = await StartAsync(
            [.. Certificate("a"), $"{Endpoint}ClientCertificateMode=RequireCertificate",
                $"{Endpoint}ClientCertificateAuthorities={clients.RootPath}"]);
        using var open = await ConnectAsync(proxy, certificate: clients.Client(), intermediates: clients.Intermediates);
        Assert.Equal(200, await GetAsync(open));

        File.Copy(others.RootPath, clients.RootPath, overwrite: true);
        proxy.Apply();
        await Eventually.TrueAsync(() => IsServedAsync(proxy, others.Client(), others.Intermediates));

        Assert.False(await IsServedAsync(proxy, clients.Client(), clients.Intermediates));
        Assert.Equal(200, await GetAsync(open));
        File.WriteAllText(clients.RootPath, "");
        var line = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("checked as before", StringComparison.Ordinal));
        Assert.Contains($"{clients.RootPath}: it holds no certificate", line.Message, StringComparison.Ordinal);
        Assert.True(await IsServedAsync(proxy, others.Client(), others.Intermediates));
        Assert.Contains(
            "Client certificates of Secure are checked as before", Plain(await proxy.Admin.GetStringAsync("/")), StringComparison.Ordinal);
    }

    private static string Plain(string html) => System.Text.RegularExpressions.Regex.Replace(html, "<[^>]*>", "");

    private static int Status(string answer) => int.Parse(answer.Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);

    private static string Shown(SslStream tls) => ((X509Certificate2)tls.RemoteCertificate!).Thumbprint;

    private Task<TestProxy> StartAsync(params string[] settings) =>
        TestProxy.InFrontOfAsync(_enclave.Simulated, [$"{Endpoint}Url=https://127.0.0.1:0", .. settings]);

    private string[] Certificate(string name, string section = Endpoint)
    {
        if (section == Endpoint || section.Contains(":Sni:", StringComparison.Ordinal))
            section += "Certificate:";
        return [$"{section}Path={_authority.Path(name)}", $"{section}KeyPath={_authority.KeyPath(name)}"];
    }

    private async Task<string> ShownAsync(TestProxy proxy, string host = "a.example")
    {
        using var tls = await ConnectAsync(proxy, host);
        return Shown(tls);
    }

    private async Task<bool> IsServedAsync(TestProxy proxy, X509Certificate2? certificate, X509Certificate2Collection intermediates)
    {
        try
        {
            using var tls = await ConnectAsync(proxy, certificate: certificate, intermediates: intermediates);
            return await GetAsync(tls) == 200;
        }
        catch (Exception ex) when (ex is IOException or AuthenticationException)
        {
            return false;
        }
    }

    private async Task<SslStream> ConnectAsync(
        TestProxy proxy,
        string host = "a.example",
        X509Certificate2? certificate = null,
        X509Certificate2Collection? intermediates = null,
        SslApplicationProtocol? protocol = null)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(proxy.Uri.Host, proxy.Uri.Port);
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck,
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.Add(_authority.Root);
        var tls = new SslStream(new NetworkStream(socket, ownsSocket: true));
        try
        {
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions
            {
                TargetHost = host,
                CertificateChainPolicy = policy,
                ClientCertificateContext = certificate is null
                    ? null
                    : SslStreamCertificateContext.Create(certificate, intermediates, offline: true),
                ApplicationProtocols = protocol is { } one ? [one] : [SslApplicationProtocol.Http11],
            });
            return tls;
        }
        catch
        {
            await tls.DisposeAsync();
            throw;
        }
    }

    private static async Task<int> GetAsync(SslStream tls)
    {
        await tls.WriteAsync("GET /health HTTP/1.1\r\nHost: a.example\r\n\r\n"u8.ToArray());
        var buffer = new byte[4096];
        var read = 0;
        var answer = "";
        while (!answer.Contains("\r\n\r\n{", StringComparison.Ordinal) || !answer.EndsWith('}'))
        {
            var more = await tls.ReadAsync(buffer.AsMemory(read)).AsTask().WaitAsync(TestDeadline.Value);
            if (more == 0)
                throw new IOException("closed before the answer");
            read += more;
            answer = Encoding.ASCII.GetString(buffer, 0, read);
        }

        return Status(answer);
    }
}
