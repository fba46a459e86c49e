using System.Globalization;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>End-to-end fields: every legal byte of a value, every line of a name in its order, none more.</summary>
internal static class Fields
{
    private static readonly string Visible = new([.. Enumerable.Range('!', '~' - '!' + 1).Select(i => (char)i)]);
    private static readonly string ObsText = new([.. Enumerable.Range(0x80, 0x80).Select(i => (char)i)]);

    private static readonly (string Name, string Value)[] Values =
    [
        ("visible ASCII", Visible),
        ("Latin-1", "caf\u00e9 \u00ff"),
        ("UTF-8", "\u00e2\u0082\u00ac \u00f0\u009f\u0094\u0092"),
        ("broken UTF-8", "\u00e2\u0082 \u00c3"),
        ("all of obs-text", ObsText),
        ("tabs inside", "a\tb\t\tc"),
        ("spaces inside", "a  b   c"),
        ("nothing", ""),
        ("one character", "x"),
        ("commas and quotes", ",, \"a, b\\\"\" ,;=,"),
        ("8 KiB", new string('v', 8192)),
        ("30 KiB", new string('v', 30 * 1024)),
    ];

    /// <summary>Names that servers know, with values that they would write otherwise.</summary>
    private static readonly (string Name, string Value)[] Known =
    [
        ("Accept", "text/html, */*;q=0.1,,"),
        ("Accept-Encoding", "br, GZIP;q=0"),
        ("Authorization", "Custom  abc==, x"),
        ("Cache-Control", "no-cache, odd=\"1"),
        ("Content-Encoding", "odd"),
        ("Content-Language", "de,en"),
        ("Content-Type", "not/a;type;;"),
        ("Cookie", "a=b; c=\"d\"; broken"),
        ("Date", "yesterday"),
        ("Expires", "0"),
        ("From", "me"),
        ("If-Modified-Since", "not a date"),
        ("If-None-Match", "unquoted"),
        ("Max-Forwards", "7"),
        ("Origin", "null"),
        ("Pragma", "odd, no-cache"),
        ("Range", "bytes=0-,5-1"),
        ("Referer", "http://[/"),
        ("Upgrade-Insecure-Requests", "1"),
        ("User-Agent", "strange (agent"),
        ("Via", "1.1 front"),
        ("Warning", "odd"),
        ("X-Odd_Name.1~!#$%&'*+^`|", "v"),
    ];

    private static readonly (string Name, string Value)[] KnownInAnswers =
    [
        ("Accept-Ranges", "odd"),
        ("Age", "old"),
        ("Alt-Svc", "h3=\":443\"; ma=1"),
        ("Cache-Control", "odd=\"1"),
        ("Content-Encoding", "odd"),
        ("Content-Location", ":://"),
        ("Content-MD5", "x"),
        ("Content-Type", "not/a;type;;"),
        ("Date", "Thu, 01 Jan 1970 00:00:00 GMT"),
        ("ETag", "unquoted"),
        ("Expires", "0"),
        ("Last-Modified", "yesterday"),
        ("Location", "../%2F/odd path"),
        ("Retry-After", "soon"),
        ("Server", "the-application/1"),
        ("Via", "1.1 app"),
        ("WWW-Authenticate", "Odd a=b, c"),
        ("X-Accel-Buffering", "no"),
        ("X-Odd_Name.1~!#$%&'*+^`|", "v"),
    ];

    public static IEnumerable<WireCase> Cases =>
    [
        .. Values.Select(v => InARequest(v.Name, "X-Field", v.Value)),
        .. Values.Select(v => InAnAnswer(v.Name, "X-Field", v.Value)),
        .. Known.Select(f => InARequest($"{f.Name} as it is", f.Name, f.Value)),
        .. KnownInAnswers.Select(f => InAnAnswer($"{f.Name} as it is", f.Name, f.Value)),
        new("fields: white space around a value goes, in a request", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: "A:1\r\nB: \t 2 \t \r\nC:\t\r\n"));
            Assert.Equal(("1", "2", ""), (request.Field("A"), request.Field("B"), request.Field("C")));
        }),
        new("fields: white space around a value goes, in an answer", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\nA:1\r\nB: \t 2 \t \r\nC:\t\r\nContent-Length:0\r\n\r\n");
            Assert.Equal(("1", "2", ""), (response.Field("A"), response.Field("B"), response.Field("C")));
        }),
        .. ((string[])["X-Many", "Accept", "Cookie", "Via", "Cache-Control", "Accept-Language"]).Select(
            name => new WireCase($"fields: lines of {name} stay lines in their order, in a request", async run =>
            {
                var request = await run.ForwardAsync(
                    WireRun.Get(fields: $"{name}: b\r\nX-Between: 1\r\n{name}: a, c\r\n{name.ToLowerInvariant()}: b\r\n"));
                Assert.Equal(["b", "a, c", "b"], request.All(name));
            })),
        .. ((string[])["X-Many", "Set-Cookie", "Link", "Via", "Vary", "WWW-Authenticate", "Cache-Control"]).Select(
            name => new WireCase($"fields: lines of {name} stay lines in their order, in an answer", async run =>
            {
                var (_, response) = await run.ExchangeAsync(
                    WireRun.Get(),
                    $"HTTP/1.1 200 OK\r\n{name}: b\r\nContent-Length: 0\r\n{name}: a, c\r\n{name.ToLowerInvariant()}: b\r\n\r\n");
                Assert.Equal(["b", "a, c", "b"], response.All(name));
            })),
        new("fields: none is added to a request but those of forwarding", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get());
            string[] may = [
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-port",
                "x-forwarded-proto",
                "x-request-id",
                WireRun.FieldOfTheRoute.ToLowerInvariant()];
            Assert.Equal(["host"], Names(request).Except(may));
        }),
        new("fields: none is added to a request without body but those of forwarding, POST", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Post(""));
            string[] may = [
                "x-forwarded-for",
                "x-forwarded-host",
                "x-forwarded-port",
                "x-forwarded-proto",
                "x-request-id",
                WireRun.FieldOfTheRoute.ToLowerInvariant()];
            Assert.Equal(["host"], Names(request).Except(may));
        }),
        new("fields: none is added to an answer but Date and X-Request-Id", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get());
            Assert.Equal(["content-length"], Names(response).Except(["connection", "date", "x-request-id"]));
        }),
        new("fields: none comes twice that came once", async run =>
        {
            const string Sent = "Date: Thu, 01 Jan 1970 00:00:00 GMT\r\nServer: a\r\nContent-Type: b\r\nX-Request-Id: c\r\n";
            var (request, response) = await run.ExchangeAsync(
                WireRun.Get(fields: Sent), $"HTTP/1.1 200 OK\r\n{Sent}Content-Length: 0\r\n\r\n");
            Assert.All(Names(request), name => Assert.Single(request.All(name)));
            Assert.All(Names(response), name => Assert.Single(response.All(name)));
        }),
        new("fields: Host keeps its case and port", async run =>
        {
            var request = await run.ForwardAsync("GET / HTTP/1.1\r\nHost: Proof.Example.Test:8443\r\n\r\n");
            Assert.Equal("Proof.Example.Test:8443", request.Field("Host"));
        }),
        new("fields: an empty Host stays empty", async run =>
        {
            var request = await run.ForwardAsync("GET / HTTP/1.1\r\nHost:\r\n\r\n");
            Assert.Equal("", request.Field("Host"));
        }),
        .. ((string[])[
            "example.test:", "Example.Test:", "127.0.0.1:", "[::1]:", "example.test:0", "example.test:00", "example.test:000080",
            "a.example_b.test", "localhost.", "localhost.:"]).Select(host => new WireCase($"fields: Host {host} stays", async run =>
        {
            // Twice, and another between: who keeps a value for the next request may not change it.
            foreach (var each in (string[])[host, host, "other.test", host])
            {
                var (request, response) = await run.ExchangeAsync($"GET / HTTP/1.1\r\nHost: {each}\r\n\r\n");
                Assert.Equal(each, request.Field("Host"));
                Assert.Equal("ok", response.Text);
            }
        })),
        .. ((string[])[":", ":80", "::", "a::", "a:b", "a:80:", "a:+80", "a: 80", "[::1", "[::1]a", "[::1]a:", "[]:", "[]"]).Select(
            host => new WireCase($"fields: Host {host} is refused", async run =>
                await run.RefuseAsync($"GET / HTTP/1.1\r\nHost: {host}\r\n\r\n"))),
        new("fields: an IPv6 Host", async run =>
        {
            var request = await run.ForwardAsync("GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n");
            Assert.Equal("[::1]:80", request.Field("Host"));
        }),
        new("fields: X-Request-Id of the client stays", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: "X-Request-Id: of-the.client/1\r\n"));
            Assert.Equal("of-the.client/1", request.Field("X-Request-Id"));
        }),
        new("fields: X-Request-Id of the application stays", async run =>
        {
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(), "HTTP/1.1 200 OK\r\nX-Request-Id: req_of the application\r\nContent-Length: 2\r\n\r\nok");
            Assert.Equal("req_of the application", response.Field("X-Request-Id"));
        }),
        new("fields: X-Forwarded-For is continued", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: "X-Forwarded-For: 192.0.2.1\r\n"));
            Assert.Equal(
                "192.0.2.1,127.0.0.1", string.Join(',', request.All("X-Forwarded-For")).Replace(" ", "", StringComparison.Ordinal));
        }),
        new("fields: trace fields stay", async run =>
        {
            const string Parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
            var request = await run.ForwardAsync(
                WireRun.Get(fields: $"traceparent: {Parent}\r\ntracestate: a=1,,b=2\r\ntracestate: c=3\r\nbaggage: k=%20v;p\r\n"));
            Assert.Equal(Parent, request.Field("traceparent"));
            Assert.Equal(["a=1,,b=2", "c=3"], request.All("tracestate"));
            Assert.Equal("k=%20v;p", request.Field("baggage"));
        }),
        .. ((string[])["200 OK", "200 Fine", "299 Odd", "418 I'm a teapot", "499 x", "599 spaced  out"]).Select(Status),
        .. ((string[])["404 caf\u00e9", "500 "]).Select(status => Status(status) with
        {
            Reason = "Kestrel writes a reason phrase in ASCII and the usual one for an empty one; clients ignore it (RFC 9112 section 4).",
        }),
        new("fields: 150 of them pass, both ways", async run =>
        {
            var many = string.Concat(Enumerable.Range(0, 150).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: {i}\r\n")));
            var (request, response) = await run.ExchangeAsync(
                WireRun.Get(fields: many), $"HTTP/1.1 200 OK\r\n{many}Content-Length: 2\r\n\r\nok");
            Assert.Equal(Enumerable.Range(0, 150).Select(i => $"{i}"), request.Fields.Where(Counted).Select(f => f.Value));
            Assert.Equal(Enumerable.Range(0, 150).Select(i => $"{i}"), response.Fields.Where(Counted).Select(f => f.Value));
            Assert.Equal("ok", response.Text);
        }),
    ];

    private static bool Counted((string Name, string Value) field) =>
        field.Name.Length > 2 && char.IsAsciiDigit(field.Name[2]) && field.Name[1] == '-';

    private static IEnumerable<string> Names(WireMessage message) => message.Fields.Select(f => f.Name.ToLowerInvariant());

    private static WireCase InARequest(string what, string name, string value) => new($"fields: {what}, in a request", async run =>
    {
        var (request, response) = await run.ExchangeAsync(WireRun.Post($"{name}: {value}\r\nContent-Length: 2\r\n", "ab"));
        Assert.Equal(value, request.Field(name));
        Assert.Equal("ab", request.Text);
        Assert.Equal(200, response.Status);
    });

    private static WireCase InAnAnswer(string what, string name, string value) => new($"fields: {what}, in an answer", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\n{name}: {value}\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal(200, response.Status);
        Assert.Equal(value, response.Field(name));
        Assert.Equal("ok", response.Text);
    });

    private static WireCase Status(string status) => new($"fields: the status line says {status.Replace('\u00e9', 'E')}", async run =>
    {
        var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 {status}\r\nContent-Length: 2\r\n\r\nok");
        Assert.Equal($"HTTP/1.1 {status}", response.StartLine);
        Assert.Equal("ok", response.Text);
        await run.WorksAsync();
    });
}
