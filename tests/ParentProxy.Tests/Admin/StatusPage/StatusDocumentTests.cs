using System.Net;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Admin.StatusPage;

public sealed partial class StatusDocumentTests : IAsyncLifetime
{
    private const string Hostile = "</table><script>alert(1)</script>\" onload='x' &amp;";

    private TestEnclave _enclave = null!;
    private TestProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _enclave = await TestEnclave.StartAsync();
        _proxy = await TestProxy.InFrontOfAsync(
            _enclave.Simulated, $"Enclaves:0:Name={Hostile}", "Health:Probe:Interval=00:00:00.100", "Health:Probe:UnhealthyAfter=1");
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _enclave.DisposeAsync();
    }

    [Fact]
    public async Task Get_PolicyAllowsThisStyleAndThisScriptAndNothingElse()
    {
        using var answer = await _proxy.Admin.GetAsync("/");
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        Assert.Equal("text/html; charset=utf-8", answer.Content.Headers.ContentType?.ToString());
        Assert.Equal("no-store", answer.Headers.CacheControl?.ToString());
        Assert.Equal("nosniff", answer.Headers.GetValues("X-Content-Type-Options").Single());
        Assert.Equal("no-referrer", answer.Headers.GetValues("Referrer-Policy").Single());
        Assert.Equal(
            $"default-src 'none'; style-src '{Hash(html, "style")}'; script-src '{Hash(html, "script")}'; connect-src 'self'; "
                + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
            answer.Headers.GetValues("Content-Security-Policy").Single());
        Assert.DoesNotMatch(ForeignAddress(), html.Replace("http://www.w3.org/2000/svg", "", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Head_HasTheHeadersAndNoBody()
    {
        await using var connection = await WireConnection.ConnectAsync(_proxy.AdminUri);

        await connection.SendAsync("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\nGET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n");

        var head = await connection.ReadMessageAsync(bodiless: true);
        Assert.Equal(200, head.Status);
        Assert.NotNull(head.Field("Content-Security-Policy"));
        Assert.Equal("live", (await connection.ReadMessageAsync()).Json().GetProperty("status").GetString());
    }

    [Fact]
    public async Task Get_HostileName_IsText()
    {
        var html = await _proxy.Admin.GetStringAsync("/");

        Assert.DoesNotContain("<script>alert", html, StringComparison.Ordinal);
        Assert.DoesNotContain("onload='x'", html, StringComparison.Ordinal);
        Assert.Contains(
            WebUtility.HtmlEncode(Hostile).Replace("&#39;", "&#x27;", StringComparison.Ordinal), html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_EnclaveGoesAway_SaysWhichAndWhy()
    {
        Assert.Contains("1 of 1 enclave healthy", await _proxy.Admin.GetStringAsync("/"), StringComparison.Ordinal);
        await _enclave.KillAsync();
        await _proxy.WaitForStateAsync("0", "unhealthy");
        // The probe that was on its way tells of a connection that ended; the next one finds nobody.
        await Eventually.TrueAsync(async () => (await _proxy.EnclaveAsync("0"))
            .GetProperty("lastProbe")
            .GetProperty("error")
            .GetString() is "ENOENT" or "ECONNREFUSED");

        var html = await _proxy.Admin.GetStringAsync("/");

        Assert.Contains("<strong>unhealthy</strong> <span>0 of 1 enclave healthy</span>", html, StringComparison.Ordinal);
        Assert.Matches("<b>Enclave 0 .*?</b> is unhealthy for [0-9]+ s: ([^<]|<wbr>)*(ENOENT|ECONNREFUSED)", html);
        Assert.Matches("<code>(ENOENT|ECONNREFUSED)</code>", html);
    }

    [Fact]
    public async Task Get_ReloadRefused_SaysSo()
    {
        _proxy.Server.Reloads.Refused(["Retry:BudgetPercent: <is> wrong"]);

        var html = await _proxy.Admin.GetStringAsync("/");

        Assert.Contains("<b>Configuration</b> was refused", html, StringComparison.Ordinal);
        Assert.Contains("Retry:BudgetPercent: &lt;is&gt; wrong", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_Stopping_IsDraining()
    {
        _proxy.Server.Drain.BeginDraining();

        var html = await _proxy.Admin.GetStringAsync("/");

        Assert.Contains("<strong>draining</strong>", html, StringComparison.Ordinal);
        Assert.Contains("This proxy stops", html, StringComparison.Ordinal);
    }

    [GeneratedRegex("(src|href|url|from)[=(\"' ]+(https?:)?//")]
    private static partial Regex ForeignAddress();

    private static string Hash(string html, string element)
    {
        var content = Regex.Match(html, $"<{element}>(.*?)</{element}>", RegexOptions.Singleline).Groups[1].Value;
        Assert.NotEmpty(content);
        return $"sha256-{Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes(content)))}";
    }
}
