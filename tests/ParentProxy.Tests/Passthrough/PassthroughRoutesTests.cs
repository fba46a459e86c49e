using ParentProxy.Configuration;
using ParentProxy.Passthrough;

namespace ParentProxy.Tests.Passthrough;

public sealed class PassthroughRoutesTests
{
    private static readonly PassthroughTarget A = PassthroughTarget.Parse("enclave://a", null).Value!;
    private static readonly PassthroughTarget B = PassthroughTarget.Parse("enclave://b", null).Value!;
    private static readonly PassthroughOptions Plain = new() { Listen = new PassthroughAddress("127.0.0.1:1"), To = A };

    [Fact]
    public void TargetOf_WithoutSni_IsTo()
    {
        var routes = new PassthroughRoutes(Plain);

        Assert.Equal((A, A), (routes.TargetOf(null), routes.TargetOf("a.example")));
        Assert.Equal((false, false), (routes.ReadsServerName, routes.HasPreread));
    }

    [Theory]
    [InlineData(null, "enclave://a")]
    [InlineData("other.example", "enclave://a")]
    [InlineData("b.example", "enclave://b")]
    [InlineData("x.c.example", "enclave://b")]
    [InlineData("c.example", "enclave://a")]
    [InlineData("no.c.example", null)]
    [InlineData("x.no.c.example", "enclave://b")]
    public void TargetOf_WithSni_IsTheClosest(string? name, string? target)
    {
        var routes = new PassthroughRoutes(Plain with
        {
            Sni = new Dictionary<string, PassthroughTarget?> { ["B.example"] = B, ["*.C.example"] = B, ["no.c.example"] = null },
        });

        Assert.Equal(target, routes.TargetOf(name)?.Text);
        Assert.Equal((true, true), (routes.ReadsServerName, routes.HasPreread));
    }

    [Theory]
    [InlineData(ProxyProtocolAccept.None, false)]
    [InlineData(ProxyProtocolAccept.Optional, true)]
    [InlineData(ProxyProtocolAccept.Required, true)]
    public void HasPreread_WithProxyProtocol_WhereAHeaderMayCome(object accept, bool expected) => Assert.Equal(
        expected,
        new PassthroughRoutes(Plain with { ProxyProtocol = new ProxyProtocolOptions { Accept = (ProxyProtocolAccept)accept } }).HasPreread);
}
