namespace ParentProxy.Tests.Configuration;

/// <summary>Each mistake alone: exactly one problem, at its path, with a reason that helps.</summary>
public sealed class SingleMistakeTests
{
    [Theory]
    // Unknown and unavailable
    [InlineData(""" "Rooting": {} """, "Rooting", "unknown section")]
    [InlineData(""" "Limit": {} """, "Limit", "did you mean Limits?")]
    [InlineData(""" "Logging": { "LogLevel": {} } """, "Logging", "Serilog:MinimumLevel")]
    [InlineData(""" "Routing": { "MaxDialPerEnclave": 4 } """, "Routing:MaxDialPerEnclave", "did you mean MaxDialsPerEnclave?")]
    [InlineData(""" "Health": { "Probe": { "Colour": 1 } } """, "Health:Probe:Colour", "unknown key")]
    [InlineData(""" "Attestation": { "Intervall": "00:01:00" } """, "Attestation:Intervall", "did you mean Interval?")]
    [InlineData(""" "Attestation": { "Mode": "enforced" } """, "Attestation:Mode", "did you mean enforce?")]
    [InlineData(""" "Attestation": { "Mode": "enforce" } """, "Attestation:Pcrs", "any image of anybody passes")]
    [InlineData(""" "Attestation": { "Pcrs": { "PCR32": [ "0" ] } } """, "Attestation:Pcrs:PCR32", "is no PCR; write 0 to 31")]
    [InlineData(""" "Attestation": { "Pcrs": { "0": [ "abc" ] } } """, "Attestation:Pcrs:0:0", "is not 96 hex digits")]
    [InlineData(""" "Attestation": { "MaxAge": "00:01:00" } """, "Attestation:MaxAge", "is not longer than Interval")]
    [InlineData(""" "Attestation": { "Pointer": "attestation" } """, "Attestation:Pointer", "is no JSON pointer")]
    [InlineData(""" "Attestation": { "Root": "/nowhere.pem" } """, "Attestation:Root", "there is no file")]
    [InlineData(""" "Attestation": { "PcrsFrom": [ "build.json" ] } """, "Attestation:PcrsFrom:0", "is not the absolute path of a file")]
    [InlineData(""" "Attestation": { "MeasurementFile": null } """, "Attestation:MeasurementFile", "did you mean MeasurementsFile?")]
    [InlineData(""" "Attestation": { "MeasurementsFile": "pcrs.json" } """, "Attestation:MeasurementsFile", "not the absolute path")]
    // Shapes
    [InlineData(""" "Health": 5 """, "Health", "is a value, not an object")]
    [InlineData(""" "Health": [] """, "Health", "is a list, not an object")]
    [InlineData(""" "Health": { "Path": {} } """, "Health:Path", "is an object, not a value")]
    [InlineData(""" "Health": { "Path": [] } """, "Health:Path", "is a list, not a value")]
    [InlineData(""" "Admin": { "AllowedHosts": "a" } """, "Admin:AllowedHosts", "is a value, not a list")]
    [InlineData(""" "Admin": { "AllowedHosts": [ {} ] } """, "Admin:AllowedHosts:0", "is an object, not a value")]
    [InlineData(""" "Serilog": [] """, "Serilog", "is a list, not an object")]
    // Times
    [InlineData(""" "Timeouts": { "Connect": 5 } """, "Timeouts:Connect", "hh:mm:ss")]
    [InlineData(""" "Timeouts": { "Connect": "5s" } """, "Timeouts:Connect", "'5s' is not a time")]
    [InlineData(""" "Timeouts": { "Connect": "00:05" } """, "Timeouts:Connect", "hh:mm:ss")]
    [InlineData(""" "Timeouts": { "Connect": "25:00:00" } """, "Timeouts:Connect", "hh:mm:ss")]
    [InlineData(""" "Timeouts": { "Connect": "-00:00:01" } """, "Timeouts:Connect", "hh:mm:ss")]
    [InlineData(""" "Timeouts": { "Connect": "-00:00:00.001" } """, "Timeouts:Connect", "hh:mm:ss")]
    [InlineData(""" "Timeouts": { "Connect": "00:00:00" } """, "Timeouts:Connect", "is not from 00:00:00.0010000")]
    [InlineData(""" "Routing": { "QueueTimeout": "00:00:00" } """, "Routing:QueueTimeout", "is not from 00:00:00.0010000")]
    [InlineData(""" "Timeouts": { "Idle": "25.00:00:00" } """, "Timeouts:Idle", "to 24.00:00:00")]
    [InlineData(""" "Health": { "Probe": { "Interval": "00:00:00" } } """, "Health:Probe:Interval", "is not from")]
    [InlineData(""" "Timeouts": { "Drain": "" } """, "Timeouts:Drain", "is not a time")]
    // Numbers and booleans
    [InlineData(""" "Limits": { "MaxConnections": -3 } """, "Limits:MaxConnections", "'-3' is not a whole number from 1")]
    [InlineData(""" "Limits": { "MaxConnections": 1.5 } """, "Limits:MaxConnections", "whole number")]
    [InlineData(""" "Limits": { "MaxConnections": 1e3 } """, "Limits:MaxConnections", "whole number")]
    [InlineData(""" "Limits": { "MaxConnections": "+5" } """, "Limits:MaxConnections", "whole number")]
    [InlineData(""" "Limits": { "MaxConnections": " 5" } """, "Limits:MaxConnections", "whole number")]
    [InlineData(""" "Limits": { "MaxConnections": 0 } """, "Limits:MaxConnections", "from 1")]
    [InlineData(""" "Limits": { "MaxConnections": 99999999999 } """, "Limits:MaxConnections", "to 2147483647")]
    [InlineData(""" "Limits": { "MaxRequestBodyBytes": -1 } """, "Limits:MaxRequestBodyBytes", "from 0")]
    [InlineData(""" "Routing": { "MaxTunnelsPerEnclave": 0 } """, "Routing:MaxTunnelsPerEnclave", "from 1 to 1000000")]
    [InlineData(""" "Routing": { "MaxQueuedPerEnclave": 0 } """, "Routing:MaxQueuedPerEnclave", "from 1 to 1000000")]
    [InlineData(""" "Retry": { "MaxWaiting": -1 } """, "Retry:MaxWaiting", "from 0")]
    [InlineData(""" "Retry": { "Enabled": "on" } """, "Retry:Enabled", "neither true nor false")]
    [InlineData(""" "Retry": { "MaxAttempts": 0 } """, "Retry:MaxAttempts", "from 1 to 100")]
    [InlineData(""" "Retry": { "BudgetPercent": 101 } """, "Retry:BudgetPercent", "from 0 to 100")]
    [InlineData(""" "Retry": { "BudgetPercent": -1 } """, "Retry:BudgetPercent", "from 0 to 100")]
    [InlineData(""" "Retry": { "MaxBufferedBodyBytes": 16777217 } """, "Retry:MaxBufferedBodyBytes", "from 0 to 16777216")]
    [InlineData(""" "Retry": { "HonorIdempotencyKey": 1 } """, "Retry:HonorIdempotencyKey", "neither true nor false")]
    [InlineData(""" "Routing": { "SlowStart": "5" } """, "Routing:SlowStart", "hh:mm:ss")]
    [InlineData(""" "Health": { "MinHealthy": "one" } """, "Health:MinHealthy", "'one' is not a whole number")]
    [InlineData(""" "Health": { "Public": "yes" } """, "Health:Public", "neither true nor false")]
    [InlineData(""" "Vsock": { "MaxWriteBytes": 0 } """, "Vsock:MaxWriteBytes", "from 1 to 32400")]
    [InlineData(""" "Vsock": { "MaxWriteBytes": 32401 } """, "Vsock:MaxWriteBytes", "from 1 to 32400")]
    [InlineData(""" "Vsock": { "BufferBytes": 127 } """, "Vsock:BufferBytes", "neither 0 nor a number of bytes from 128")]
    [InlineData(""" "Vsock": { "ToHost": "sometimes" } """, "Vsock:ToHost", "none of auto, always, never")]
    [InlineData(""" "Vsock": { "ToHost": 1 } """, "Vsock:ToHost", "none of auto, always, never")]
    // Names and forms
    [InlineData(""" "Routing": { "LoadBalancing": "Fastest" } """, "Routing:LoadBalancing", "PowerOfTwoChoices")]
    [InlineData(""" "Routing": { "HttpVersion": "3" } """, "Routing:HttpVersion", "neither 1.1 nor 2")]
    [InlineData(""" "Routing": { "HttpVersion": "2.0" } """, "Routing:HttpVersion", "neither 1.1 nor 2")]
    [InlineData(""" "Log": { "Format": "xml" } """, "Log:Format", "none of auto, text, json")]
    [InlineData(
        """ "Serilog": { "MinimumLevel": "Trace" } """, "Serilog:MinimumLevel", "Verbose, Debug, Information, Warning, Error, Fatal")]
    [InlineData(
        """ "Serilog": { "MinimumLevel": { "Override": { "Yarp": "Loud" } } } """,
        "Serilog:MinimumLevel:Override:Yarp",
        "'Loud' is none of")]
    [InlineData(
        """ "Kestrel": { "Limits": { "MinResponseDataRate": { "BytesPerSecond": 100 } } } """,
        "Kestrel:Limits:MinResponseDataRate",
        "'gracePeriod' has no matching config")]
    [InlineData(
        """ "Serilog": { "WriteTo": [ { "Name": "Seq", "Args": { "serverUrl": "http://seq" } } ] } """,
        "Serilog:WriteTo:0:Name",
        "'Seq' is not a sink of this program; the sinks are Console, File, Async")]
    [InlineData(""" "Serilog": { "WriteTo": [ "console" ] } """, "Serilog:WriteTo:0", "did you mean Console?")]
    [InlineData(
        """ "Serilog": { "WriteTo": { "Log": { "Name": "Async", "Args": { "configure": [ { "Name": "Fiel" } ] } } } } """,
        "Serilog:WriteTo:Log:Args:configure:0:Name",
        "did you mean File?")]
    [InlineData(
        """ "Serilog": { "WriteTo": [ { "Name": "Logger", "Args": { "configureLogger": { "WriteTo": [ "Consol" ] } } } ] } """,
        "Serilog:WriteTo:0:Args:configureLogger:WriteTo:0",
        "did you mean Console?")]
    [InlineData(""" "Serilog": { "MinimumLevel": { "Defualt": "Debug" } } """, "Serilog:MinimumLevel:Defualt", "did you mean Default?")]
    [InlineData(""" "Health": { "Path": "health" } """, "Health:Path", "does not begin with '/'")]
    [InlineData(""" "Health": { "Path": "" } """, "Health:Path", "does not begin with '/'")]
    [InlineData(""" "Health": { "Path": "/health?x" } """, "Health:Path", "without its query")]
    [InlineData(""" "Health": { "Path": "/he alth" } """, "Health:Path", "percent-encode")]
    [InlineData(""" "Health": { "Probe": { "Path": "health" } } """, "Health:Probe:Path", "does not begin with '/'")]
    [InlineData(""" "Health": { "Probe": { "Path": "/\r\nX: y" } } """, "Health:Probe:Path", "percent-encode")]
    [InlineData(""" "Health": { "Probe": { "Host": "a\r\nX: y" } } """, "Health:Probe:Host", "not a host name")]
    [InlineData(""" "Health": { "Probe": { "Type": "ping" } } """, "Health:Probe:Type", "none of http, https, connect")]
    [InlineData(""" "Health": { "Probe": { "Port": 0 } } """, "Health:Probe:Port", "from 1")]
    [InlineData(""" "Health": { "Probe": { "Port": 4294967295 } } """, "Health:Probe:Port", "to 4294967294")]
    [InlineData(""" "Health": { "Probe": { "ExpectedStatus": "399-200" } } """, "Health:Probe:ExpectedStatus", "200-399")]
    [InlineData(""" "Health": { "Probe": { "UnhealthyAfter": 0 } } """, "Health:Probe:UnhealthyAfter", "from 1")]
    [InlineData(""" "Admin": { "AllowedHosts": [ "*" ] } """, "Admin:AllowedHosts:0", "neither a host name nor an address")]
    [InlineData(""" "Admin": { "Url": "http://unix:/run/a.sock" } """, "Admin:Url", "is on TCP")]
    [InlineData(""" "Admin": { "MetricsUrl": "http://unix:/run/a.sock" } """, "Admin:MetricsUrl", "is on TCP")]
    [InlineData(""" "Admin": { "MetricsUrl": "https://127.0.0.1:9465" } """, "Admin:MetricsUrl", "no TLS")]
    [InlineData(""" "Admin": { "MetricsUrl": "9465" } """, "Admin:MetricsUrl", "no address to listen on")]
    [InlineData(""" "Admin": { "MetricsUrl": "http://0.0.0.0:9464" } """, "Admin:MetricsUrl", "listens where Admin:Url does")]
    [InlineData(
        """ "Admin": { "MetricsUrl": "http://0.0.0.0:6300" } """, "Admin:MetricsUrl", "listens where Kestrel:Endpoints:Http:Url does")]
    [InlineData(""" "Admin": { "EnclaveMetricsPath": "metrics" } """, "Admin:EnclaveMetricsPath", "does not begin with '/'")]
    [InlineData(""" "Admin": { "EnclaveMetricsPath": "/a b" } """, "Admin:EnclaveMetricsPath", "percent-encode")]
    [InlineData(""" "Discovery": { "Enabled": "yes" } """, "Discovery:Enabled", "neither true nor false")]
    [InlineData(""" "Discovery": { "NitroCli": "nitro-cli" } """, "Discovery:NitroCli", "not an absolute path")]
    [InlineData(""" "Discovery": { "NitroCli": "" } """, "Discovery:NitroCli", "not an absolute path")]
    [InlineData(""" "Discovery": { "Interval": "00:00:00" } """, "Discovery:Interval", "is not from")]
    [InlineData(""" "Discovery": { "Timeout": "10" } """, "Discovery:Timeout", "hh:mm:ss")]
    [InlineData(""" "Discovery": { "EnclaveName": "" } """, "Discovery:EnclaveName", "is empty")]
    [InlineData(""" "Discovery": { "Port": 0 } """, "Discovery:Port", "port 0")]
    [InlineData(""" "Discovery": { "Port": 4294967295 } """, "Discovery:Port", "any")]
    [InlineData(""" "Discovery": { "Port": 4294967296 } """, "Discovery:Port", "whole number")]
    [InlineData(""" "Discovery": { "Prot": 1 } """, "Discovery:Prot", "did you mean Port?")]
    [InlineData(""" "Discovery": { "Pcrs": [] } """, "Discovery:Pcrs", "is a list, not an object")]
    [InlineData(""" "Discovery": { "Pcrs": { "PCR0": "abc" } } """, "Discovery:Pcrs:PCR0", "not 96 hex digits")]
    [InlineData(""" "Discovery": { "Pcrs": { "PCR0": "" } } """, "Discovery:Pcrs:PCR0", "not 96 hex digits")]
    [InlineData(
        """ "Discovery": { "Pcrs": { "PCR32":"""
            + """ "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } } """,
        "Discovery:Pcrs:PCR32",
        "no PCR")]
    [InlineData(
        """ "Discovery": { "Pcrs": { "ImageSha384":"""
            + """ "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } } """,
        "Discovery:Pcrs:ImageSha384",
        "no PCR")]
    [InlineData(
        """ "Discovery": { "Pcrs": { "00":"""
            + """ "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000" } } """,
        "Discovery:Pcrs:00",
        "no PCR")]
    // Access log
    [InlineData(""" "AccessLog": { "Mode": "al" } """, "AccessLog:Mode", "none of off, errors, all")]
    [InlineData(""" "AccessLog": { "Sink": "journal" } """, "AccessLog:Sink", "none of console, file")]
    [InlineData(""" "AccessLog": { "Format": "common" } """, "AccessLog:Format", "none of json, combined")]
    [InlineData(""" "AccessLog": { "Sink": "file" } """, "AccessLog:Path", "is missing")]
    [InlineData(""" "AccessLog": { "Sink": "file", "Path": "access.log" } """, "AccessLog:Path", "not the absolute path of a file")]
    [InlineData(""" "AccessLog": { "Sink": "file", "Path": "/tmp/" } """, "AccessLog:Path", "not the absolute path of a file")]
    [InlineData(
        """ "AccessLog": { "Sink": "file", "Path": "/nonexistent/access.log" } """, "AccessLog:Path", "'/nonexistent' does not exist")]
    [InlineData(""" "AccessLog": { "Sink": "file", "Path": "/usr/bin" } """, "AccessLog:Path", "is a folder")]
    [InlineData(
        """ "AccessLog": { "Sink": "file", "Path": "/dev/stdout", "MaxFileBytes": 0 } """,
        "AccessLog:Path",
        "is no regular file; for standard output write \"Sink\": \"console\"")]
    [InlineData(
        """ "AccessLog": { "Sink": "file", "Path": "/dev/full", "MaxFileBytes": 0 } """,
        "AccessLog:Path",
        "is no regular file; for standard output write \"Sink\": \"console\"")]
    [InlineData(""" "AccessLog": { "MaxFileBytes": 1000 } """, "AccessLog:MaxFileBytes", "neither 0 nor from 1048576")]
    [InlineData(""" "AccessLog": { "MaxFiles": 0 } """, "AccessLog:MaxFiles", "from 1 to 1000")]
    [InlineData(""" "AccessLog": { "Sample2xx": 1.01 } """, "AccessLog:Sample2xx", "from 0 to 1")]
    [InlineData(""" "AccessLog": { "Sample2xx": "10%" } """, "AccessLog:Sample2xx", "from 0 to 1")]
    [InlineData(""" "AccessLog": { "Sample2xx": "NaN" } """, "AccessLog:Sample2xx", "from 0 to 1")]
    [InlineData(""" "AccessLog": { "Headers": [ "User Agent" ] } """, "AccessLog:Headers:0", "no name of a header field")]
    [InlineData(""" "AccessLog": { "RedactHeaders": [ "" ] } """, "AccessLog:RedactHeaders:0", "no name of a header field")]
    // Networks
    [InlineData(""" "ForwardedHeaders": { "TrustedProxies": [ "lan" ] } """, "ForwardedHeaders:TrustedProxies:0", "neither a network")]
    [InlineData(""" "ForwardedHeaders": { "TrustedProxies": [ "10" ] } """, "ForwardedHeaders:TrustedProxies:0", "neither a network")]
    [InlineData(
        """ "ForwardedHeaders": { "TrustedProxies": [ "010.0.0.0/8" ] } """, "ForwardedHeaders:TrustedProxies:0", "neither a network")]
    [InlineData(""" "ForwardedHeaders": { "TrustedProxies": [ "10.0.0.0/33" ] } """, "ForwardedHeaders:TrustedProxies:0", "from 0 to 32")]
    [InlineData(""" "ForwardedHeaders": { "TrustedProxies": [ "10.0.0.0/" ] } """, "ForwardedHeaders:TrustedProxies:0", "from 0 to 32")]
    [InlineData(
        """ "ForwardedHeaders": { "TrustedProxies": [ "10.1.2.3/12" ] } """,
        "ForwardedHeaders:TrustedProxies:0",
        "write 10.0.0.0/12 for the network or 10.1.2.3 for the address")]
    [InlineData(""" "ForwardedHeaders": { "TrustedProxies": [ "fe80::1/10" ] } """, "ForwardedHeaders:TrustedProxies:0", "fe80::/10")]
    public void Load_OneMistake_IsReportedAtItsPath(string section, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave(section)));
        Assert.StartsWith($"{path}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ManyMistakes_AreAllReportedAtOnce()
    {
        var problems = TestConfiguration.Refuse(
            """
            {
              "Admn": {},
              "Enclaves": [ { "Cid": 0, "Port": 0 }, { "Transport": "tcp", "Cid": "sixteen" } ],
              "Timeouts": { "Connect": "5", "Drian": "00:00:01" },
              "Limits": { "MaxConnections": 5 },
              "Kestrel": { "Limits": { "MaxConcurrentConnections": 5 } },
              "ReverseProxy": { "Routes": { "r": { "ClusterId": "none" } } },
            }
            """,
            "Retry__MaxWaiting=-3",
            "PARENTPROXY_ENCLAVE_7_COD=4",
            "--Health:MinHealthy=many");

        Assert.Equal(
            [
                "Admn",
                "Enclaves:0:Cid",
                "Enclaves:0:Port",
                "Enclaves:1:Port",
                "Enclaves:1:TcpHost",
                "Enclaves:7 (PARENTPROXY_ENCLAVE_7_COD)",
                "Health:MinHealthy (command line)",
                "Kestrel:Limits:MaxConcurrentConnections",
                "Retry:MaxWaiting (Retry__MaxWaiting)",
                "ReverseProxy:Routes:r:ClusterId",
                "Timeouts:Connect",
                "Timeouts:Drian",
            ],
            problems.Select(problem => problem[..problem.IndexOf(": ", StringComparison.Ordinal)]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Load_NothingToForwardTo_PointsToTheDemo()
    {
        var problem = Assert.Single(TestConfiguration.Refuse("{}"));
        Assert.StartsWith("Enclaves: ", problem, StringComparison.Ordinal);
        Assert.Contains("parent-proxy demo", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ProbePortBeyondTcp_IsRefusedWithATcpEnclave()
    {
        const string probe = """ "Health": { "Probe": { "Port": 70000 } } """;
        TestConfiguration.Accept(TestConfiguration.WithEnclave(probe));
        var problem = Assert.Single(
            TestConfiguration.Refuse($$"""{ "Enclaves": [ { "Transport": "tcp", "TcpHost": "a", "Port": 1 } ], {{probe}} }"""));
        Assert.StartsWith("Health:Probe:Port: ", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_SecretBesideAMistake_IsNotEchoed()
    {
        var problems = TestConfiguration.Refuse(TestConfiguration.WithEnclave(
            """ "Kestrel": { "Endpoints": { "A": { "Url": "https://0.0.0.0:443", "Certificate": { "Path": "/none", "Password":"""
                + """ "hunter2", "Pasword": "hunter2" } } } }, "Serilog": { "Args": { "apiKey": "hunter2" }, "MinimumLevel": "x" } """));
        Assert.DoesNotContain(problems, problem => problem.Contains("hunter2", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(""" "Admin": { "Url": "http://0.0.0.0:9464" } """, "Admin:Url")]
    [InlineData(""" "Health": { "MinHealthy": 2 } """, "Health:MinHealthy")]
    public void Load_AllowedButLikelyNotMeant_IsAWarning(string section, string path)
    {
        var result = TestConfiguration.Load(TestConfiguration.WithEnclave(section));
        Assert.NotNull(result.Options);
        Assert.Equal(path, Assert.Single(result.Warnings).Path);
    }
}
