using ParentProxy.Admin.StatusPage;

namespace ParentProxy.Tests.Admin.StatusPage;

public sealed class RedactionTests
{
    [Theory]
    [InlineData("Kestrel:Certificates:Default:Password")]
    [InlineData("Kestrel:Endpoints:Https:Certificate:password")]
    [InlineData("Serilog:WriteTo:0:Args:serverUrl")]
    [InlineData("Serilog:WriteTo:Sub:Args:configure:0:Args:path")]
    [InlineData("Serilog:Properties:Anything")]
    [InlineData("Serilog:WriteTo:0:ApiKey")]
    [InlineData("ReverseProxy:Routes:r:Transforms:0:Set")]
    [InlineData("ReverseProxy:Routes:r:Match:Headers:0:Values")]
    [InlineData("ReverseProxy:Routes:r:Metadata:Anything")]
    [InlineData("Health:Probe:ExpectedBody")]
    [InlineData("Some:ClientSecret")]
    [InlineData("Some:AccessToken")]
    [InlineData("Some:Credentials:0")]
    public void Of_CouldBeASecret_IsNotShown(string path) => Assert.Equal(Redaction.Mark, Redaction.Of(path, "value"));

    [Theory]
    [InlineData("Kestrel:Certificates:Default:Path")]
    [InlineData("Serilog:WriteTo:0:Name")]
    [InlineData("Serilog:MinimumLevel:Override:Microsoft")]
    [InlineData("ReverseProxy:Routes:r:Match:Path")]
    [InlineData("ReverseProxy:Routes:r:Transforms:0:RequestHeader")]
    [InlineData("Discovery:Pcrs:PCR0")]
    [InlineData("Health:Probe:Path")]
    public void Of_CannotBeASecret_IsShown(string path) => Assert.Equal("value", Redaction.Of(path, "value"));

    [Theory]
    [InlineData("http://user:hunter2@host/path", "http://[redacted]@host/path")]
    [InlineData("http://host/a@b", "http://host/a@b")]
    [InlineData("http://user:hun@ter2@host:80/path", "http://[redacted]@host:80/path")]
    [InlineData("http://user:hun/ter2@host/path", "http://[redacted]@host/path")]
    [InlineData("http://user:hun?t#er2@host/path", "http://[redacted]@host/path")]
    [InlineData("http://me@corp:hun/ter2@host/path", "http://[redacted]@host/path")]
    [InlineData("http://hunter2@host", "http://[redacted]@host")]
    [InlineData("http://user:hunter2@one/, https://user:hunter2@two/", "http://[redacted]@one/, https://[redacted]@two/")]
    [InlineData("http://[::1]:80/a@b", "http://[::1]:80/a@b")]
    [InlineData("/metrics?all=1&access_token=hunter2&x=y", "/metrics?all=[redacted]&access_token=[redacted]&x=[redacted]")]
    [InlineData("https://host/up?sig=hun=ter2&empty=", "https://host/up?sig=[redacted]&empty=")]
    [InlineData("/up?hunter2", "/up?[redacted]")]
    [InlineData("/up?a=1&hunter2", "/up?a=[redacted]&[redacted]")]
    [InlineData("a=1&token=hunter2", "a=1&token=[redacted]")]
    [InlineData("/api/{id?}", "/api/{id?}")]
    [InlineData("Why? Because R&D", "Why? Because R&D")]
    public void Of_Address_HasNoSecretInIt(string address, string expected) => Assert.Equal(expected, Redaction.Of("Admin:Url", address));
}
