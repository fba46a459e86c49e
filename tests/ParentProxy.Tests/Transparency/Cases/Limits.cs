using System.Globalization;

namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>What is large but allowed passes, what is more is refused.</summary>
internal static class Limits
{
    public static IEnumerable<WireCase> Cases =>
    [
        new("limits: request fields of 60 KiB pass", async run =>
        {
            var value = new string('v', 15 * 1024);
            var request = await run.ForwardAsync(WireRun.Get(fields: $"X-1: {value}\r\nX-2: {value}\r\nX-3: {value}\r\nX-4: {value}\r\n"));
            Assert.All((string[])["X-1", "X-2", "X-3", "X-4"], name => Assert.True(value == request.Field(name), name));
        }),
        new("limits: request fields of 300 KiB are refused", async run => await run.RefuseAsync(
            WireRun.Get(fields: string.Concat(Enumerable.Range(0, 20).Select(i => $"X-{i}: {new string('v', 15 * 1024)}\r\n"))))),
        new("limits: 190 request fields pass", async run =>
        {
            var request = await run.ForwardAsync(WireRun.Get(fields: Many(190)));
            Assert.Equal("189", request.Field("X-189"));
        }),
        new("limits: 400 request fields are refused", async run => await run.RefuseAsync(WireRun.Get(fields: Many(400)))),
        new("limits: answer fields of 60 KiB pass", async run =>
        {
            var value = new string('v', 15 * 1024);
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(),
                $"HTTP/1.1 200 OK\r\nX-1: {value}\r\nX-2: {value}\r\nX-3: {value}\r\nX-4: {value}\r\nContent-Length: 2\r\n\r\nok");
            Assert.All((string[])["X-1", "X-2", "X-3", "X-4"], name => Assert.True(value == response.Field(name), name));
            Assert.Equal("ok", response.Text);
        }),
        new("limits: an answer field of 60 KiB passes", async run =>
        {
            var value = new string('v', 60 * 1024);
            var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\nX-1: {value}\r\nContent-Length: 2\r\n\r\nok");
            Assert.True(value == response.Field("X-1"), "the value is another");
        }),
        new("limits: 190 answer fields pass", async run =>
        {
            var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 OK\r\n{Many(190)}Content-Length: 2\r\n\r\nok");
            Assert.Equal(("189", "ok"), (response.Field("X-189"), response.Text));
        }),
        new("limits: a reason phrase of 1 KiB passes", async run =>
        {
            var reason = new string('r', 1024);
            var (_, response) = await run.ExchangeAsync(WireRun.Get(), $"HTTP/1.1 200 {reason}\r\nContent-Length: 2\r\n\r\nok");
            Assert.Equal($"HTTP/1.1 200 {reason}", response.StartLine);
        }),
        new("limits: 500 interim answers pass", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync(string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", 500)) + WireRun.Ok);
            for (var i = 0; i < 500; i++)
                Assert.Equal(102, (await run.Client.ReadMessageAsync()).Status);
            Assert.Equal("ok", (await run.Client.ReadMessageAsync()).Text);
        }),
        new("limits: answer trailers of 8 KiB pass", async run =>
        {
            var value = new string('t', 8 * 1024);
            var (_, response) = await run.ExchangeAsync(
                WireRun.Get(fields: "Connection: TE\r\nTE: trailers\r\n"),
                $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-After: {value}\r\n\r\n");
            Assert.Equal("ok", response.Text);
            Assert.True(response.Trailers is [(_, var got)] && got == value, "the trailer is another");
        }),
        new("limits: 10,000 chunks of one byte", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            var reading = run.Client.ReadMessageAsync();
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
                + string.Concat(Enumerable.Repeat("1\r\nx\r\n", 10_000)) + "0\r\n\r\n");
            Assert.Equal(10_000, (await reading).Body.Length);
            await run.WorksAsync();
        }),
    ];

    private static string Many(int count) =>
        string.Concat(Enumerable.Range(0, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"X-{i}: {i}\r\n")));
}
