using ParentProxy.Tls;

namespace ParentProxy.Tests.Tls;

public sealed class ServerNamePatternTests
{
    [Theory]
    [InlineData("a.example", "a.example")]
    [InlineData("A.Example", "a.example")]
    [InlineData("*.B.example", "*.b.example")]
    [InlineData("db", "db")]
    [InlineData("10.0.0.1", "10.0.0.1")]
    public void TryParse_Pattern_IsRead(string text, string expected)
    {
        Assert.True(ServerNamePattern.TryParse(text, out var pattern, out var problem), problem);
        Assert.Equal(expected, pattern);
    }

    [Theory]
    [InlineData("", "the server name '' is empty")]
    [InlineData("*.", "'*.' ends with a dot: leave that away, clients that send one are matched all the same")]
    [InlineData("a.example.", "'a.example.' ends with a dot: leave that away, clients that send one are matched all the same")]
    [InlineData("*", "'*' has a * in another place than the start: write a name, or *. and a name")]
    [InlineData("a.*.example", "'a.*.example' has a * in another place than the start: write a name, or *. and a name")]
    [InlineData("*.*.example", "'*.*.example' has a * in another place than the start: write a name, or *. and a name")]
    [InlineData(
        "bücher.example",
        "'bücher.example' has characters that a server name has on the wire only in ASCII form: write it with xn--")]
    [InlineData("a example", @"the server name 'a\x20example' has a character that no host name has")]
    [InlineData("*..example", "the server name '.example' has a part that is empty or longer than 63 characters")]
    public void TryParse_NoPattern_SaysWhy(string text, string expected)
    {
        Assert.False(ServerNamePattern.TryParse(text, out var pattern, out var problem));
        Assert.Equal((null, expected), (pattern, problem));
    }
}
