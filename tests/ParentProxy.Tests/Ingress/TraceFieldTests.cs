using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

public sealed class TraceFieldTests
{
    private static readonly string[] Names = ["traceparent", "tracestate", "baggage", "Request-Id", "Correlation-Context"];

    [Theory]
    [InlineData("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1,other=2", "a=b;p=q, c=d%20e")]
    [InlineData("not a traceparent", "broken,,", "")]
    [InlineData("01-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01-x", "a=b", "only")]
    public async Task TraceFields_OfAnyForm_PassByteForByte(string parent, string state, string baggage)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        await proxy.ExchangeAsync(
            $"GET / HTTP/1.1\r\nHost: x\r\ntraceparent: {parent}\r\ntracestate: {state}\r\nbaggage: {baggage}\r\n\r\n");

        var request = Assert.Single(enclave.Requests);
        Assert.Equal(parent, request.Field("traceparent"));
        Assert.Equal(state, request.Field("tracestate"));
        Assert.Equal(baggage, request.Field("baggage"));
    }

    [Theory]
    [InlineData("1.1")]
    [InlineData("2")]
    public async Task TraceFields_NotSent_AreNotInvented(string version)
    {
        await using var enclave = await TestEnclave.StartAsync(http2: version == "2");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated, $"Routing:HttpVersion={version}");

        var echo = await proxy.EchoAsync();

        Assert.All(Names, name => Assert.Null(echo.Field(name)));
        Assert.All(Names, name => Assert.Null(echo.Answer.Field(name)));
    }
}
