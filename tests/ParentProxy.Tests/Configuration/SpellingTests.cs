namespace ParentProxy.Tests.Configuration;

/// <summary>A name that is none of ours is answered by the one that was meant.</summary>
public sealed class SpellingTests
{
    [Theory]
    [InlineData("leastconn", "LeastRequests")]
    [InlineData("least_conn", "LeastRequests")]
    [InlineData("least-requests", "LeastRequests")]
    [InlineData("LEAST_REQUEST", "LeastRequests")]
    [InlineData("roundrobbin", "RoundRobin")]
    [InlineData("round_robin", "RoundRobin")]
    [InlineData("round-robin", "RoundRobin")]
    [InlineData("rr", "RoundRobin")]
    [InlineData("random two least_conn", "PowerOfTwoChoices")]
    [InlineData("p2c", "PowerOfTwoChoices")]
    [InlineData("PowerOfTwoChioces", "PowerOfTwoChoices")]
    [InlineData("LeestRequets", "LeastRequests")]
    [InlineData("first", "FirstAlphabetical")]
    public void LoadBalancing_ByAnotherName_IsGuessed(string text, string meant) =>
        AssertGuess($$""" "Routing": { "LoadBalancing": "{{text}}" } """, meant);

    [Theory]
    [InlineData(""" "Serilog": { "MinimumLevel": "info" } """, "Information")]
    [InlineData(""" "Serilog": { "MinimumLevel": "warn" } """, "Warning")]
    [InlineData(""" "Serilog": { "MinimumLevel": { "Default": "trace" } } """, "Verbose")]
    [InlineData(""" "AccessLog": { "Mode": "on" } """, "all")]
    [InlineData(""" "AccessLog": { "Mode": "none" } """, "off")]
    [InlineData(""" "AccessLog": { "Sink": "stdout" } """, "console")]
    [InlineData(""" "AccessLog": { "Format": "common" } """, "combined")]
    [InlineData(""" "Health": { "Probe": { "Type": "tcp" } } """, "connect")]
    [InlineData(""" "Vsock": { "ToHost": "off" } """, "never")]
    [InlineData(""" "Routing": { "MaxConectionPerEnclave": 4 } """, "MaxConnectionsPerEnclave")]
    [InlineData(""" "MaxConnections": 5 """, "Egress:MaxConnections or Limits:MaxConnections")]
    [InlineData(""" "TrustedProxies": [] """, "ForwardedHeaders:TrustedProxies")]
    [InlineData(""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:80", "Tls": {} } } } """, "Certificate")]
    [InlineData(""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://*:80", "Protocols": "h2" } } } """, "Http2")]
    [InlineData(""" "Kestrel": { "EndpointDefaults": { "SslProtocols": [ "TLSv1.2" ] } } """, "Tls12")]
    public void OtherNames_AreGuessed(string section, string meant) => AssertGuess(section, meant);

    [Theory]
    [InlineData("Listen", "Kestrel:Endpoints")]
    [InlineData("Urls", "Kestrel:Endpoints")]
    [InlineData("Tls", "Certificate")]
    [InlineData("Certificates", "Certificate")]
    [InlineData("Upstreams", "Enclaves")]
    [InlineData("Clusters", "ReverseProxy")]
    [InlineData("HealthChecks", "Health:Probe")]
    [InlineData("AllowedHosts", "Admin:AllowedHosts")]
    [InlineData("Metrics", "Admin:MetricsUrl")]
    public void SectionOfAnotherProgram_PointsToOurs(string name, string ours)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "{{name}}": {} """)));
        Assert.StartsWith($"{name}: unknown section; ", problem, StringComparison.Ordinal);
        Assert.Contains(ours, problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("5s", "00:00:05")]
    [InlineData("500ms", "00:00:00.500")]
    [InlineData("1.5s", "00:00:01.500")]
    [InlineData("2 min", "00:02:00")]
    [InlineData("1h", "01:00:00")]
    [InlineData("1d", "1.00:00:00")]
    public void Time_InUnits_IsTranslated(string text, string ours) => Assert.Equal(
        $"Timeouts:Connect: '{text}' is not a time; write {ours}",
        Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Timeouts": { "Connect": "{{text}}" } """))));

    [Theory]
    [InlineData("yes", "true")]
    [InlineData("off", "false")]
    public void Switch_ByAnotherWord_IsTranslated(string text, string ours) => Assert.EndsWith(
        $"; write {ours}",
        Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave($$""" "Retry": { "Enabled": "{{text}}" } """))),
        StringComparison.Ordinal);

    [Theory]
    [InlineData(""" "Routing": { "LoadBalancing": "Fastest" } """)]
    [InlineData(""" "Routing": { "LoadBalancing": "ip_hash" } """)]
    [InlineData(""" "Vsock": { "ToHost": "sometimes" } """)]
    [InlineData(""" "Zebra": {} """)]
    public void WhatNobodyCanGuess_IsNotGuessed(string section) =>
        Assert.DoesNotContain(
            "did you mean", Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave(section))), StringComparison.Ordinal);

    private static void AssertGuess(string section, string meant) => Assert.EndsWith(
        $"did you mean {meant}?",
        Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave(section))),
        StringComparison.Ordinal);
}
