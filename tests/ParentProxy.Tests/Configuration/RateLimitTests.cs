using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class RateLimitTests
{
    [Fact]
    public void RateLimits_NotWritten_HoldForAttestation()
    {
        var rule = Assert.Single(TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "Limits": {} """)).Limits.RateLimits);

        Assert.Equal("/attestation", rule.Path);
        Assert.NotNull(rule.PerClient);
        Assert.NotNull(rule.Total);
    }

    [Fact]
    public void RateLimits_Written_ReplaceTheList()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave(
            """ "Limits": { "RateLimits": [ { "Path": "/prove/*", "Window": "00:01:00", "PerClient": 60, "PerClientBurst": 5 } ] } """));

        Assert.Equal(
            [new RateLimitOptions { Path = "/prove/*", Window = TimeSpan.FromMinutes(1), PerClient = 60, PerClientBurst = 5 }],
            options.Limits.RateLimits);
    }

    [Fact]
    public void RateLimits_OfVariables_ReplaceThoseOfTheFile()
    {
        var options = TestConfiguration.Accept(
            TestConfiguration.WithEnclave(
                """ "Limits": { "RateLimits": [ { "Path": "/a", "Total": 1 }, { "Path": "/b", "Total": 1 } ] } """),
            "Limits__RateLimits__0__Path=/c",
            "Limits__RateLimits__0__Total=2");

        Assert.Equal([new RateLimitOptions { Path = "/c", Total = 2 }], options.Limits.RateLimits);
    }

    [Theory]
    [InlineData(""" "Limits": { "RateLimits": [] } """)]
    [InlineData(""" "Limits": {} """, "Limits__RateLimits=")]
    [InlineData(""" "Limits": {} """, "--Limits:RateLimits=")]
    public void RateLimits_Empty_AreOff(string section, params string[] settings) =>
        Assert.Empty(TestConfiguration.Accept(TestConfiguration.WithEnclave(section), settings).Limits.RateLimits);

    [Fact]
    public void Paths_ExactAndBeginning_AreTwo() => Assert.Equal(
        2,
        TestConfiguration.Accept(TestConfiguration.WithEnclave(
            """ "Limits": { "RateLimits": [ { "Path": "/a", "Total": 1 }, { "Path": "/a*", "Total": 1 } ] } """)).Limits.RateLimits.Count);

    [Fact]
    public void Mistakes_AreToldAllAtOnce()
    {
        var problems = TestConfiguration.Refuse(TestConfiguration.WithEnclave(
            """
            "Limits": { "RateLimits": [
              { "PerClient": 1 },
              { "Path": "attestation", "PerClient": 0, "Total": -1 },
              { "Path": "/a?b", "PerClient": 1, "Window": "00:00:00" },
              { "Path": "/a/*/b", "PerClient": 1, "Window": "1.00:00:01" },
              { "Path": "/c" },
              { "Path": "/d", "Total": 1, "PerClientBurst": 5 },
              { "Path": "/e", "PerClient": 1000001, "TotalBurst": 5, "Rate": 1 },
              { "Path": "/f", "Total": 1 },
              { "Path": "//%46/", "Total": 1 },
              5
            ] }
            """));

        Assert.Equal(
            [
                "Limits:RateLimits:0:Path: is missing",
                "Limits:RateLimits:1:Path: 'attestation' does not begin with '/'",
                "Limits:RateLimits:1:PerClient: '0' is not a whole number from 1 to 1000000",
                "Limits:RateLimits:1:Total: '-1' is not a whole number from 1 to 1000000",
                "Limits:RateLimits:2:Path: '/a?b' holds a '?': a path is compared without its query",
                "Limits:RateLimits:2:Window: 00:00:00 is not from 00:00:00.0010000 to 1.00:00:00",
                "Limits:RateLimits:3:Path: '/a/*/b' has a '*' before its end, where it would mean all paths that begin so",
                "Limits:RateLimits:3:Window: 1.00:00:01 is not from 00:00:00.0010000 to 1.00:00:00",
                "Limits:RateLimits:4: limits nothing; set PerClient or Total, or both",
                "Limits:RateLimits:5:PerClientBurst: has no effect without PerClient",
                "Limits:RateLimits:6:PerClient: '1000001' is not a whole number from 1 to 1000000",
                "Limits:RateLimits:6:Rate: unknown key",
                "Limits:RateLimits:6:TotalBurst: has no effect without Total",
                "Limits:RateLimits:8:Path: '//%46/' is the path of Limits:RateLimits:7:Path, too; keep one of them",
                "Limits:RateLimits:9: is a value, not an object with keys",
                "Limits:RateLimits:9: limits nothing; set PerClient or Total, or both",
                "Limits:RateLimits:9:Path: is missing",
            ],
            problems.Order(StringComparer.Ordinal));
    }
}
