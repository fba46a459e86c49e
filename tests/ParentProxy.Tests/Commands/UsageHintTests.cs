using ParentProxy.Commands;

namespace ParentProxy.Tests.Commands;

/// <summary>What is said of arguments that nobody takes.</summary>
public sealed class UsageHintTests
{
    [Theory]
    [InlineData("did you mean --config FILE?", "--confg")]
    [InlineData("did you mean --config a.json?", "--confg", "a.json")]
    [InlineData("did you mean --config a.json?", "--CONFIG=a.json")]
    [InlineData("did you mean --config a.json?", "-c", "a.json")]
    [InlineData("did you mean --config a.json?", "--file", "a.json")]
    [InlineData("did you mean --config a.json?", "a.json")]
    [InlineData("did you mean --version?", "--verison")]
    [InlineData("did you mean --version?", "-V")]
    [InlineData("did you mean --version?", "version")]
    [InlineData("did you mean --help?", "help")]
    [InlineData("did you mean run?", "start")]
    [InlineData("did you mean demo?", "deom")]
    [InlineData("a setting is one argument: --Enclaves:0:Cid=16", "--Enclaves:0:Cid", "16")]
    [InlineData("a setting is one argument: --Enclaves:0:Cid=VALUE", "--Enclaves:0:Cid")]
    [InlineData("a setting is one argument: --Enclaves:0:Cid=16", "Enclaves:0:Cid=16")]
    [InlineData("a setting is one argument: --Enclaves:0:Cid=16", "-Enclaves:0:Cid=16")]
    [InlineData("a setting is one argument: --Enclaves:0:Cid=16", "--Enclaves__0__Cid=16")]
    [InlineData("a setting is one argument: --Limits:MaxConnections=5", "--Limits.MaxConnections=5")]
    [InlineData("a setting is one argument: --Limits:MaxRequestBodyBytes=5", "--MaxRequestBodyBytes", "5")]
    [InlineData("one argument: --Egress:MaxConnections=5 or --Limits:MaxConnections=5", "--MaxConnections", "5")]
    [InlineData("neither a command nor an option", "--bogus")]
    [InlineData("neither a command nor an option", "bogus")]
    public void For_OneThingMeant_IsOneLineThatSaysHow(string end, params string[] arguments)
    {
        var line = Assert.Single(UsageHint.For(arguments));
        Assert.StartsWith($"'{arguments[0]}' is ", line, StringComparison.Ordinal);
        Assert.EndsWith(end, line, StringComparison.Ordinal);
    }

    [Fact]
    public void For_Several_HasALineForEach() => Assert.Equal(
        ["--Enclaves:0:Cid=16", "--Enclaves:0:Port=-1", "neither a command nor an option"],
        UsageHint.For(["--Enclaves:0:Cid", "16", "--Enclaves:0:Port=-1", "--bogus"]).Select(
            line => line[(line.LastIndexOf(": ", StringComparison.Ordinal) is var i and > 0
                ? i + 2
                : line.IndexOf("neither", StringComparison.Ordinal))..]));
}
