using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Pipeline;

public sealed class RequestIdTests : IAsyncLifetime
{
    private TestEnclave _enclave = null!;
    private TestProxy _proxy = null!;

    public async ValueTask InitializeAsync()
    {
        _enclave = await TestEnclave.StartAsync();
        _proxy = await TestProxy.InFrontOfAsync(_enclave.Simulated);
    }

    public async ValueTask DisposeAsync()
    {
        await _proxy.DisposeAsync();
        await _enclave.DisposeAsync();
    }

    public static TheoryData<string> Usable =>
        ["a", "!~", "9f2c-…".Replace('…', 'x'), new string('x', 128), "with;odd=chars,\"and\"(more)"];

    public static TheoryData<string> Unusable => ["", new string('x', 129), "two words", "tab\there", "caf\u00e9"];

    [Theory]
    [MemberData(nameof(Usable))]
    public async Task RequestId_Usable_IsKeptForwardedAndReturned(string id)
    {
        var echo = await _proxy.EchoAsync($"X-Request-Id: {id}\r\n");

        Assert.Equal(id, echo.Field("X-Request-Id"));
        Assert.Equal(id, echo.Answer.Field("X-Request-Id"));
    }

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task RequestId_Unusable_IsReplaced(string id)
    {
        var echo = await _proxy.EchoAsync($"X-Request-Id: {id}\r\n");

        AssertMade(echo);
        Assert.NotEqual(id, echo.Field("X-Request-Id"));
    }

    [Theory]
    [InlineData("")]
    [InlineData("X-Request-Id: not usable\r\n")]
    [InlineData("X-Amzn-Trace-Id: Root=1-2-3\r\n")]
    public async Task RequestId_OfTheApplication_StaysWhereTheClientGaveNone(string fields)
    {
        var answer = await _proxy.ExchangeAsync($"GET /headers?X-Request-Id=req_1 HTTP/1.1\r\nHost: x\r\n{fields}\r\n");

        Assert.Equal("req_1", answer.Field("X-Request-Id"));
    }

    [Fact]
    public async Task RequestId_OfTheApplicationEmpty_IsOurs()
    {
        var answer = await _proxy.ExchangeAsync("GET /headers?X-Request-Id= HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");

        Assert.Equal("mine", answer.Field("X-Request-Id"));
    }

    [Fact]
    public async Task RequestId_Missing_IsMadeAndNeverTheSame()
    {
        var one = await _proxy.EchoAsync();
        var two = await _proxy.EchoAsync();

        AssertMade(one);
        AssertMade(two);
        Assert.NotEqual(one.Field("X-Request-Id"), two.Field("X-Request-Id"));
    }

    [Fact]
    public async Task RequestId_Twice_IsReplacedByOne()
    {
        var echo = await _proxy.EchoAsync("X-Request-Id: one\r\nX-Request-Id: two\r\n");

        AssertMade(echo);
    }

    [Theory]
    [InlineData("Root=1-67891233-abcdef012345678912345678", "1-67891233-abcdef012345678912345678")]
    [InlineData("Self=1-1-1;Root=1-67891233-abcdef012345678912345678;Sampled=1", "1-67891233-abcdef012345678912345678")]
    [InlineData("odd", "odd")]
    public async Task RequestId_MissingWithTraceOfTheLoadBalancer_IsMadeFromIt(string trace, string id)
    {
        var echo = await _proxy.EchoAsync($"X-Amzn-Trace-Id: {trace}\r\n");

        Assert.Equal(id, echo.Field("X-Request-Id"));
        Assert.Equal(id, echo.Answer.Field("X-Request-Id"));
        Assert.Equal(trace, echo.Field("X-Amzn-Trace-Id"));
    }

    [Fact]
    public async Task RequestId_UnusableWithTraceOfTheLoadBalancer_IsMadeFromTheTrace()
    {
        var echo = await _proxy.EchoAsync("X-Request-Id: two words\r\nX-Amzn-Trace-Id: Root=1-2-3\r\n");

        Assert.Equal("1-2-3", echo.Field("X-Request-Id"));
    }

    [Fact]
    public async Task RequestId_OfTheEnclavesAnswer_IsReplacedByTheRequests()
    {
        var answer = await _proxy.ExchangeAsync("GET /headers?X-Request-Id=other HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");

        Assert.Equal("mine", answer.Field("X-Request-Id"));
    }

    [Fact]
    public async Task RequestId_OfAFailure_IsInHeadAndBody()
    {
        var answer = await _proxy.ExchangeAsync("GET /reset HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");

        Assert.Equal(502, answer.Status);
        Assert.Equal("mine", answer.Field("X-Request-Id"));
        Assert.Equal("mine", answer.Json().GetProperty("requestId").GetString());
    }

    [Fact]
    public async Task RequestId_OfHealth_IsReturned()
    {
        var answer = await _proxy.ExchangeAsync("GET /health HTTP/1.1\r\nHost: x\r\nX-Request-Id: mine\r\n\r\n");

        Assert.Equal("mine", answer.Field("X-Request-Id"));
    }

    private static void AssertMade(Echo echo)
    {
        Assert.Matches("^[!-~]{1,128}$", echo.Field("X-Request-Id"));
        Assert.Equal(echo.Field("X-Request-Id"), echo.Answer.Field("X-Request-Id"));
    }
}
