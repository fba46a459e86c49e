namespace ParentProxy.Tests.Transparency.Cases;

/// <summary>What a client is told when the enclave gave no answer: ours alone say it in this form.</summary>
internal static class Failures
{
    public static IEnumerable<WireCase> Cases =>
    [
        new("failure: 502 is a problem with the request's id", async run =>
        {
            var seen = await run.ForwardAsync(WireRun.Get());
            run.Enclave.ShutdownSend();
            var answer = await run.Client.ReadMessageAsync();
            Assert.Equal((502, "application/problem+json"), (answer.Status, answer.Field("Content-Type")));
            Assert.Equal(seen.Field("X-Request-Id"), answer.Json().GetProperty("requestId").GetString());
            Assert.Equal(seen.Field("X-Request-Id"), answer.Field("X-Request-Id"));
            Assert.StartsWith("parent-proxy; error=", answer.Field("Proxy-Status"), StringComparison.Ordinal);
        }),
        new("failure: nonsense is a problem of its own kind", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync("nonsense\r\n\r\n");
            var answer = await run.Client.ReadMessageAsync();
            Assert.Equal((502, "application/problem+json"), (answer.Status, answer.Field("Content-Type")));
            Assert.StartsWith("parent-proxy; error=http_", answer.Field("Proxy-Status"), StringComparison.Ordinal);
        }),
        new("failure: the answer to HEAD has no body", async run =>
        {
            await run.ForwardAsync("HEAD / HTTP/1.1\r\nHost: example.test\r\n\r\n");
            run.Enclave.ShutdownSend();
            Assert.Equal(502, (await run.Client.ReadMessageAsync(bodiless: true)).Status);
            await run.WorksAsync();
        }),
        new("failure: nothing of the refused head is in it", async run =>
        {
            await run.ForwardAsync(WireRun.Get());
            await run.Enclave.SendAsync("HTTP/1.1 200 OK\r\nSet-Cookie: secret=1\r\nX-Secret: 1\r\nContent-Length: x\r\n\r\n");
            var answer = await run.Client.ReadMessageAsync();
            Assert.Equal(502, answer.Status);
            Assert.DoesNotContain("ecret", answer.ToString(), StringComparison.Ordinal);
        }),
    ];
}
