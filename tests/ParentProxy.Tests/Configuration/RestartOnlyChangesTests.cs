using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class RestartOnlyChangesTests
{
    [Theory]
    [InlineData("")]
    [InlineData("Admin:Url", "--Admin:Url=http://127.0.0.1:1")]
    [InlineData("Admin:AllowedHosts", "--Admin:AllowedHosts:0=b")]
    [InlineData("Admin:MetricsUrl Admin:EnclaveMetricsPath", "--Admin:MetricsUrl=http://0.0.0.0:1", "--Admin:EnclaveMetricsPath=/metrics")]
    [InlineData("Admin:EnclaveMetricsPort", "--Admin:EnclaveMetricsPort=9101")]
    [InlineData("Vsock", "--Vsock:MaxWriteBytes=1")]
    [InlineData("Log:Format", "--Log:Format=json")]
    [InlineData("Kestrel:Endpoints:Http:Url", "--Kestrel:Endpoints:Http:Url=http://0.0.0.0:1")]
    [InlineData(
        "Kestrel:Endpoints:B:Url Kestrel:Limits:MaxRequestLineSize",
        "--Kestrel:Endpoints:B:Url=http://0.0.0.0:1",
        "--Kestrel:Limits:MaxRequestLineSize=9000")]
    [InlineData("Serilog:WriteTo:0:Name", "--Serilog:WriteTo:0:Name=Console")]
    [InlineData(
        "",
        "--Serilog:MinimumLevel:Default=Debug",
        "--Limits:MaxConnections=5",
        "--Enclaves:0:Cid=17",
        "--Routing:HttpVersion=2",
        "--Health:Path=/x")]
    public void Between_Changes_NamesThoseThatNeedARestart(string expected, params string[] settings)
    {
        var old = Options();
        var next = Options(settings);
        Assert.Equal(expected, string.Join(' ', RestartOnlyChanges.Between(old, next)));
        Assert.Equal(expected, string.Join(' ', RestartOnlyChanges.Between(next, old)));
    }

    private static ProxyOptions Options(params string[] settings) => TestConfiguration.Accept(
        TestConfiguration.WithEnclave(
            """ "Kestrel": { "Endpoints": { "Http": { "Url": "http://0.0.0.0:6300" } } }, "Admin": { "AllowedHosts": [ "a" ] },"""
                + """ "Serilog": { "MinimumLevel": { "Default": "Information" } } """),
        settings);
}
