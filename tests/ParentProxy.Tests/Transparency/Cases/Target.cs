namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>The request target in its four forms, byte for byte.</summary>
internal static class Target
{
    private const string AsciiPunctuation = "/|^\"<>{}\\`[]!$&'()*+,;=:@~_-.";

    /// <summary>A request line of 16 KiB with its end.</summary>
    private static readonly string Longest = "/" + new string('a', (16 * 1024) - "GET / HTTP/1.1\r\n".Length);

    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])
        [
            "/",
            "/?",
            "/a?",
            "/a/",
            "/?a=b&c=d",
            "/a%2Fb%2fc",
            "/%41%7e%7E",
            "/a/../b/./c/..",
            "/..",
            "/../../etc/passwd",
            "/./",
            "/%2e%2e/%2E",
            "//",
            "//example.test/a",
            "/a//b///",
            "/%",
            "/%zz%2",
            "/a%",
            "/%E2%82%AC/%C3",
            "/a%0d%0aX:%20y",
            "/a?b?c=/../%2e%2e//&&=&",
            "/a+b?c+d%20e",
            "/a?x=%00%0d%0a",
            "/a?x=http://example.test/%2F",
            "/health/live",
            "//health",
            "/%68ealth",
            "/health/",
            "/healthz",
            AsciiPunctuation,
            AsciiPunctuation + "?" + AsciiPunctuation + "?",
        ]).Select(Unchanged),
        Passes("the longest request line passes", $"GET {Longest} HTTP/1.1", Longest),
        Passes("a query of 8 KiB passes", $"GET /?{new string('q', 8192)} HTTP/1.1", $"/?{new string('q', 8192)}"),
        Passes("absolute form becomes origin form", "GET /a%2Fb?c HTTP/1.1", "http://example.test/a%2Fb?c"),
        Passes("absolute form without path", "GET / HTTP/1.1", "http://example.test"),
        Passes("absolute form without path, with query", "GET /?a=%2F HTTP/1.1", "http://example.test?a=%2F"),
        Passes("absolute form, scheme in capitals", "GET /../%2e HTTP/1.1", "HTTP://example.test/../%2e") with
        {
            Reason = "Kestrel knows the scheme in small letters only and answers 400; clients write it so.",
        },
        Passes("absolute form, path of two slashes", "GET //a HTTP/1.1", "http://example.test//a"),
        PassesOrIsRefused("a fragment", "/a?b#c"),
        PassesOrIsRefused("an encoded NUL", "/a%00b"),
        PassesOrIsRefused("Latin-1 bytes", "/caf\u00e9?\u00ff"),
        new("target: absolute form with another Host, the target's rules or it is refused", async run =>
        {
            await run.SendAsync("GET http://example.test/ HTTP/1.1\r\nHost: other.test\r\n\r\n");
            if (await run.IsRefusedAsync())
                return;
            Assert.Equal("example.test", (await run.Enclave.ReadMessageAsync()).Field("Host"));
        }),
        new("target: absolute form keeps the port in Host", async run =>
        {
            var request = await run.ForwardAsync("GET http://example.test:8080/ HTTP/1.1\r\nHost: example.test:8080\r\n\r\n");
            Assert.Equal("example.test:8080", request.Field("Host"));
        }),
        new WireCase("target: absolute form, capitals in the host", async run =>
        {
            var request = await run.ForwardAsync("GET http://Example.Test/ HTTP/1.1\r\nHost: Example.Test\r\n\r\n");
            Assert.Equal("Example.Test", request.Field("Host"));
        }) with
        {
            Reason = "Kestrel compares Host with the target as .NET writes it, in small letters; "
                + "whether they differ is known to it alone.",
        },
        new WireCase("target: absolute form with an empty port", async run =>
        {
            var request = await run.ForwardAsync("GET http://example.test:/ HTTP/1.1\r\nHost: example.test:\r\n\r\n");
            Assert.Equal("example.test:", request.Field("Host"));
        }) with
        {
            Reason = "Kestrel compares Host with the target as .NET writes it, without the colon; "
                + "whether they differ is known to it alone.",
        },
        new("target: absolute form with the port of its scheme", async run =>
        {
            var request = await run.ForwardAsync("GET http://example.test:80/ HTTP/1.1\r\nHost: example.test:80\r\n\r\n");
            Assert.Equal("example.test:80", request.Field("Host"));
        }),
        new("target: absolute form, HTTP/1.0 without Host", async run =>
        {
            var request = await run.ForwardAsync("GET http://example.test/ HTTP/1.0\r\n\r\n");
            Assert.Equal("example.test", request.Field("Host"));
        }),
        new("target: absolute form, scheme https", async run =>
        {
            var request = await run.ForwardAsync("GET https://example.test/a HTTP/1.1\r\nHost: example.test\r\n\r\n");
            Assert.Equal("GET /a HTTP/1.1", request.StartLine);
        }),
        new("target: OPTIONS * with an empty port in Host", async run =>
        {
            var request = await run.ForwardAsync("OPTIONS * HTTP/1.1\r\nHost: example.test:\r\n\r\n");
            Assert.Equal(("OPTIONS * HTTP/1.1", "example.test:"), (request.StartLine, request.Field("Host")));
        }),
        new("target: OPTIONS * is forwarded as it is", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                "OPTIONS * HTTP/1.1\r\nHost: example.test\r\n\r\n", "HTTP/1.1 200 OK\r\nAllow: GET\r\nContent-Length: 0\r\n\r\n");
            Assert.Equal("OPTIONS * HTTP/1.1", request.StartLine);
            Assert.Equal("GET", response.Field("Allow"));
            await run.WorksAsync();
        }),
        new("target: OPTIONS in absolute form without path is OPTIONS *", async run =>
        {
            var request = await run.ForwardAsync("OPTIONS http://example.test HTTP/1.1\r\nHost: example.test\r\n\r\n");
            Assert.Equal("OPTIONS * HTTP/1.1", request.StartLine);
        }),
        new("target: OPTIONS with a path", async run =>
        {
            var request = await run.ForwardAsync("OPTIONS /a%2F HTTP/1.1\r\nHost: example.test\r\n\r\n");
            Assert.Equal("OPTIONS /a%2F HTTP/1.1", request.StartLine);
        }),
        IsRefused("GET *", "GET * HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("CONNECT", "CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n"),
        IsRefused("CONNECT with a path", "CONNECT / HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("a relative path", "GET relative HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("authority form without CONNECT", "GET example.test:80 HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("an empty target", "GET  HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("a space in the target", "GET /a b HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("a request line of 20 KiB", $"GET /{new string('a', 20 * 1024)} HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        .. ((char[])['\0', '\u0001', '\b', '\t', '\v', '\u001b', '\u001f', '\u007f']).SelectMany(control => (WireCase[])
        [
            IsRefused($"0x{(int)control:X2} in the path", $"GET /a{control}b HTTP/1.1\r\nHost: example.test\r\n\r\n"),
            IsRefused($"0x{(int)control:X2} in the query", $"GET /?a{control} HTTP/1.1\r\nHost: example.test\r\n\r\n"),
            IsRefused($"0x{(int)control:X2} in absolute form", $"GET http://example.test/{control} HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        ]),
        IsRefused("a line feed in the target", "GET /a\nb HTTP/1.1\r\nHost: example.test\r\n\r\n"),
        IsRefused("a carriage return in the target", "GET /a\rb HTTP/1.1\r\nHost: example.test\r\n\r\n"),
    ];

    private static WireCase Unchanged(string target) => Passes($"{target} stays", $"GET {target} HTTP/1.1", target);

    private static WireCase Passes(string name, string expected, string target) => new($"target: {name}", async run =>
    {
        var (request, response) = await run.ExchangeAsync(WireRun.Get(target));
        Assert.Equal(expected, request.StartLine);
        Assert.Equal("example.test", request.Field("Host"));
        Assert.Equal("ok", response.Text);
    });

    private static WireCase PassesOrIsRefused(
        string name, string target) => new($"target: {name} passes as it is or is refused", async run =>
    {
        await run.SendAsync(WireRun.Get(target));
        if (!await run.IsRefusedAsync())
            Assert.Equal($"GET {target} HTTP/1.1", (await run.Enclave.ReadMessageAsync()).StartLine);
    });

    private static WireCase IsRefused(string name, string request) =>
        new($"target: {name} is refused", async run => await run.RefuseAsync(request));
}
