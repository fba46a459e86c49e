namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>Methods are case-sensitive names of any kind.</summary>
internal static class Methods
{
    public static IEnumerable<WireCase> Cases =>
    [
        .. ((string[])
        [
            "GET", "get", "Get", "POST", "post", "PUT", "Put", "PATCH", "DELETE", "delete", "OPTIONS", "options", "TRACE",
            "PURGE", "PROPFIND", "M-SEARCH", "QUERY", "a", "connect", "!#$%&'*+-.^_`|~09azAZ", new string('M', 64),
        ]).Select(Unchanged),
        .. ((string[])["POST", "PUT", "patch", "DELETE", "QUERY", "GET", "OPTIONS"]).Select(WithBody),
        new("method: HEAD has an answer without body", async run =>
        {
            var (request, response) = await run.ExchangeAsync(
                "HEAD /a HTTP/1.1\r\nHost: example.test\r\n\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", bodiless: true);
            Assert.Equal("HEAD /a HTTP/1.1", request.StartLine);
            Assert.Equal("5", response.Field("Content-Length"));
            await run.WorksAsync();
        }),
        new("method: head in small letters is no HEAD: its answer has a body", async run =>
        {
            var (request, response) = await run.ExchangeAsync("head / HTTP/1.1\r\nHost: example.test\r\n\r\n");
            Assert.Equal("head / HTTP/1.1", request.StartLine);
            Assert.Equal("ok", response.Text);
            await run.WorksAsync();
        }),
        new("method: one that is no token is refused", async run => await run.RefuseAsync("GE(T / HTTP/1.1\r\nHost: example.test\r\n\r\n")),
        new("method: an empty one is refused", async run => await run.RefuseAsync(" / HTTP/1.1\r\nHost: example.test\r\n\r\n")),
    ];

    private static WireCase Unchanged(string method) => new($"method: {method} stays", async run =>
    {
        var (request, response) = await run.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: example.test\r\n\r\n");
        Assert.Equal($"{method} / HTTP/1.1", request.StartLine);
        Assert.Empty(request.Body);
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });

    private static WireCase WithBody(string method) => new($"method: {method} with a body", async run =>
    {
        var (request, response) = await run.ExchangeAsync($"{method} / HTTP/1.1\r\nHost: example.test\r\nContent-Length: 4\r\n\r\nbody");
        Assert.Equal($"{method} / HTTP/1.1", request.StartLine);
        Assert.Equal("body", request.Text);
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });
}
