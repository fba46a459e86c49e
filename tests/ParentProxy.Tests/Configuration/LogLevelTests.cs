using Microsoft.Extensions.Logging;

namespace ParentProxy.Tests.Configuration;

public sealed class LogLevelTests
{
    [Theory]
    [InlineData("{}", LogLevel.Information, "Microsoft=Warning System=Warning Yarp=Error")]
    [InlineData(""" { "MinimumLevel": "verbose" } """, LogLevel.Trace, "Microsoft=Warning System=Warning Yarp=Error")]
    [InlineData(""" { "MinimumLevel": { "Default": "Debug" } } """, LogLevel.Debug, "Microsoft=Warning System=Warning Yarp=Error")]
    [InlineData(
        """ { "MinimumLevel": { "Override": { "Yarp": "Fatal", "Microsoft.AspNetCore": "Error" } } } """,
        LogLevel.Information,
        "Microsoft=Warning Microsoft.AspNetCore=Error System=Warning Yarp=Critical")]
    public void Load_Levels_AddToTheDefaults(string serilog, LogLevel level, string overrides)
    {
        var log = TestConfiguration.Accept(TestConfiguration.WithEnclave($""" "Serilog": {serilog} """)).Log;
        Assert.Equal(level, log.Level);
        Assert.Equal(
            overrides,
            string.Join(' ', log.Overrides.OrderBy(pair => pair.Key, StringComparer.Ordinal).Select(pair => $"{pair.Key}={pair.Value}")));
    }

    [Fact]
    public void Load_RestOfTheSection_IsLeftToSerilog()
    {
        var sections = TestConfiguration.Accept(
            TestConfiguration.WithEnclave(""" "Serilog": { "WriteTo": [ { "Name": "File", "Args": { "path": "/a" } } ] } """),
            "Serilog__Enrich__0=FromLogContext").Sections;
        Assert.Equal("/a", sections["Serilog:WriteTo:0:Args:path"]);
        Assert.Equal("FromLogContext", sections["Serilog:Enrich:0"]);
    }
}
