using ParentProxy.Ingress.Pipeline;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Pipeline;

public sealed class RawTargetTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("/a?b", "/a?b")]
    [InlineData("//a", "//a")]
    [InlineData("http://host:1", "/")]
    [InlineData("http://host?a", "/?a")]
    [InlineData("HTTP://host/%2f?x=http://y/", "/%2f?x=http://y/")]
    [InlineData("*", null)]
    [InlineData("host:443", null)]
    public void PathAndQuery_OfEachForm_IsTheWiresOrNothing(string target, string? expected) =>
        Assert.Equal(expected, RawTarget.PathAndQuery(target));

    [Theory]
    [InlineData("/a?b?c", "/a")]
    [InlineData("http://host/a/?b", "/a/")]
    [InlineData("*", "")]
    public void Path_OfEachForm_EndsAtTheFirstQuestionMark(string target, string expected) =>
        Assert.Equal(expected, RawTarget.Path(target).ToString());

    [Theory]
    [InlineData("/echo?")]
    [InlineData("/echo?a=%2F%41%7e+b&&c=%zz")]
    [InlineData("/a%2Fb/%41/c")]
    [InlineData("/a/../echo/./b/..")]
    [InlineData("//double//slash//")]
    [InlineData("/%")]
    [InlineData("/%zz%2")]
    [InlineData("/a;b=c,d'(e)!$&*+=:@[]|^\"<>{}\\`")]
    [InlineData("/%E2%82%AC/%C3")]
    [InlineData("/a?b#c")]
    [InlineData("/a%00b")]
    public async Task Request_AnyPathAndQuery_ArrivesByteForByte(string target)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync($"GET {target} HTTP/1.1\r\nHost: example.test\r\n\r\n");

        // What Kestrel refuses never reaches an enclave; what it takes arrives unchanged.
        if (answer.Status == 400)
            Assert.Empty(enclave.Requests);
        else
            Assert.Equal($"GET {target} HTTP/1.1", Assert.Single(enclave.Requests).StartLine);
        if (!target.Contains("%00", StringComparison.Ordinal))
            Assert.Equal(204, answer.Status);
    }

    [Fact]
    public async Task Request_InAbsoluteForm_ArrivesInOriginForm()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        await proxy.ExchangeAsync("GET http://example.test/a%2Fb?c HTTP/1.1\r\nHost: example.test\r\n\r\n");

        var request = Assert.Single(enclave.Requests);
        Assert.Equal("GET /a%2Fb?c HTTP/1.1", request.StartLine);
        Assert.Equal("example.test", request.Field("Host"));
    }

    [Theory]
    [InlineData("CONNECT example.test:443 HTTP/1.1\r\nHost: example.test:443\r\n\r\n")]
    [InlineData("GET relative HTTP/1.1\r\nHost: example.test\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a b\r\n\r\n")]
    [InlineData("GET  / HTTP/1.1\r\nHost: a\r\n\r\n")]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nX Y: b\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n")]
    [InlineData("GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n")]
    [InlineData("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: gzip\r\n\r\n")]
    public async Task Request_WithoutAPathOrMalformed_Is4xxAndNeverReachesAnEnclave(string request)
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync(request);

        Assert.InRange(answer.Status, 400, 499);
        Assert.Equal(0, enclave.Accepted);
    }

    [Fact]
    public async Task Asterisk_OfOptions_IsForwarded()
    {
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 204 No Content\r\n\r\n");
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        var answer = await proxy.ExchangeAsync("OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n");

        Assert.Equal(204, answer.Status);
        Assert.Equal("OPTIONS * HTTP/1.1", Assert.Single(enclave.Requests).StartLine);
    }
}
