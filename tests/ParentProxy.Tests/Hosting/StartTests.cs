using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The start of the service, up to its first answer.</summary>
public sealed partial class StartTests
{
    /// <summary>The first of all requests that a process serves is a probe, which may take its time where much else is going on.</summary>
    private const string PatientProbe = "00:00:30";

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("hybrid")]
    public async Task Environment_Alone_ConfiguresAnEnclave(string transport)
    {
        await using var enclaves = await Enclaves.StartAsync();
        var path = enclaves.File("v.sock");
        var uri = await enclaves.AddAsync(
            "blue", transport switch { "tcp" => "tcp://127.0.0.1:0", "unix" => $"unix:{path}", _ => $"hybrid:{path}:6300" });
        var environment = new Dictionary<string, string>
        {
            ["PARENTPROXY_ENCLAVE_0_TRANSPORT"] = transport,
            ["PARENTPROXY_ENCLAVE_0_NAME"] = "proof-server",
            ["Health__Probe__Timeout"] = PatientProbe,

            // What was not chosen is ignored.
            ["PARENTPROXY_ENCLAVE_0_CID"] = "16",

            // A container image for ASP.NET sets these, a Kubernetes Service those.
            ["ASPNETCORE_HTTP_PORTS"] = "8080",
            ["ASPNETCORE_URLS"] = "http://+:80",
            ["PARENTPROXY_ENCLAVE_0_SERVICE_HOST"] = "10.96.0.7",
            ["PARENTPROXY_ENCLAVE_0_SERVICE_PORT"] = "6300",
            ["PARENTPROXY_ENCLAVE_0_PORT_6300_TCP"] = "tcp://10.96.0.7:6300",
            ["PARENTPROXY_ENCLAVE_PORT"] = "tcp://10.96.0.7:6300",
            ["PARENTPROXY_ENCLAVE_1_PORT"] = "tcp://10.96.0.8:6300",
        };
        if (transport != "unix")
            environment["PARENTPROXY_ENCLAVE_0_PORT"] = transport == "tcp"
                ? new Uri(uri).Port.ToString(CultureInfo.InvariantCulture)
                : "6300";
        environment[transport == "tcp" ? "PARENTPROXY_ENCLAVE_0_TCP_HOST" : "PARENTPROXY_ENCLAVE_0_PATH"] = transport == "tcp"
            ? "127.0.0.1"
            : path;
        await using var process = ProxyProcess.Run(new ProxyStart { Environment = environment });
        await process.ReadyAsync();

        Assert.Equal((200, """{"status":"healthy","healthy":1,"total":1}"""), await process.GetAsync("/health"));
        Assert.Equal("blue", await process.ServedByAsync());
        var enclave = (await process.AdminAsync("/enclaves")).Body.GetProperty("enclaves").EnumerateArray().Single();
        Assert.Equal(("0", "proof-server", transport, uri), (
            enclave.GetProperty("id").GetString(),
            enclave.GetProperty("name").GetString(),
            enclave.GetProperty("transport").GetString(),
            enclave.GetProperty("endpoint").GetString()));
        Assert.DoesNotContain(
            process.Out.All,
            line => line.Contains(" WRN ", StringComparison.Ordinal) || line.Contains(" ERR ", StringComparison.Ordinal));
        Assert.Empty(process.Error.All);
    }

    [Fact]
    public async Task Environment_WithAnotherPrefix_IsRead()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = "{}",
            Environment = new Dictionary<string, string>
            {
                ["PARENTPROXY_ENV_PREFIX"] = "KEYMELD",
                ["KEYMELD_ENCLAVE_3_TRANSPORT"] = "unix",
                ["KEYMELD_ENCLAVE_3_PATH"] = enclaves[0].EndPoint["unix:".Length..],
                ["KEYMELD_LOG_LEVEL"] = "debug",
                ["Health__Probe__Timeout"] = PatientProbe,
                ["PARENTPROXY_ENCLAVE_0_CID"] = "16",
            },
        });
        await process.ReadyAsync();

        Assert.Equal((200, """{"status":"healthy","healthy":1,"total":1}"""), await process.GetAsync("/health"));
        Assert.Equal("blue", await process.ServedByAsync());
        Assert.Contains("PARENTPROXY_ENCLAVE_0_CID", await process.Out.WaitAsync("KEYMELD the prefix"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task StartLine_SaysWhatListensWhereAndForwardsToWhat()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            new ProxyStart
            {
                Configuration =
                """{ "Health": { "Probe": { "Enabled": false } }, "Enclaves": [{ "Id": "b", "Name": "other", "Transport": "tcp","""
                    + """ "TcpHost": "127.0.0.1", "Port": 9 }] }"""
            },
            "--Kestrel:Endpoints:Two:Url=http://127.0.0.1:0",
            "--Kestrel:Endpoints:Two:Protocols=Http2",
            "--Enclaves:1:Transport=unix",
            $"--Enclaves:1:Path={enclaves[0].EndPoint["unix:".Length..]}");
        var line = await process.Out.WaitAsync("listens on");

        Assert.Matches(
            @"listens on http://127\.0\.0\.1:[1-9]\d*, http://127\.0\.0\.1:[1-9]\d*, admin on http://127\.0\.0\.1:[1-9]\d*, and forwards to ",
            line);
        Assert.Contains("b (other, tcp://127.0.0.1:9)", line, StringComparison.Ordinal);
        Assert.Contains($"1 ({enclaves[0].EndPoint})", line, StringComparison.Ordinal);
        Assert.EndsWith($"configuration: {process.ConfigFile}", line, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Kestrel:Endpoints:Http:Url", "127.0.0.1", "EADDRINUSE")]
    [InlineData("Admin:Url", "127.0.0.1", "EADDRINUSE")]
    [InlineData("Kestrel:Endpoints:Http:Url", "192.0.2.1", "EADDRNOTAVAIL")]
    [InlineData("Admin:Url", "192.0.2.1", "EADDRNOTAVAIL")]
    [InlineData("Admin:Url", "localhost", "EADDRINUSE")]
    [InlineData("Kestrel:Endpoints:Http:Url", "localhost", "EADDRINUSE")]
    public async Task BindFailure_Is1WithTheErrnoAndTheAddress(string key, string host, string errno)
    {
        using var taken = new FreePort();
        await using var process = ProxyProcess.Run(Settings.For("tcp://127.0.0.1:9"), $"--{key}=http://{host}:{taken.Number}");

        Assert.Equal(1, await process.ExitAsync());
        var line = Assert.Single(process.Error.All);
        Assert.StartsWith("parent-proxy: ", line, StringComparison.Ordinal);
        Assert.Contains(errno, line, StringComparison.Ordinal);
        Assert.Contains($":{taken.Number}", line, StringComparison.Ordinal);
        Assert.Contains(
            key.StartsWith("Admin", StringComparison.Ordinal) ? "(Admin:Url)" : "(Kestrel:Endpoints)", line, StringComparison.Ordinal);
        Assert.Equal(
            key.StartsWith("Kestrel", StringComparison.Ordinal) && errno == "EADDRINUSE",
            line.Contains("socat", StringComparison.Ordinal));
        Assert.DoesNotContain("   at ", process.Out.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WorkingDirectory_Root_WithoutAFile_IsAsQuickAsTheOwnFolderAndWatchesNothing()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        using var program = ProgramCopy.Create();
        var environment = new Dictionary<string, string>
        {
            ["PARENTPROXY_ENCLAVE_0_TRANSPORT"] = "unix",
            ["PARENTPROXY_ENCLAVE_0_PATH"] = enclaves[0].EndPoint["unix:".Length..],
            ["Health__Probe__Timeout"] = PatientProbe,
        };
        List<double> own = [], root = [];
        for (var round = 0; round < 3; round++)
        {
            own.Add(await StartAsync(program.Folder));
            root.Add(await StartAsync("/"));
        }

        // Searched and watched, the tree would cost minutes.
        Assert.InRange(root.Order().ElementAt(1), 0, (2 * own.Order().ElementAt(1)) + 1);

        async Task<double> StartAsync(string workingDirectory)
        {
            var started = Stopwatch.GetTimestamp();
            await using var process = ProxyProcess.Run(
                new ProxyStart { ProgramFolder = program.Folder, WorkingDirectory = workingDirectory, Environment = environment });
            await process.ReadyAsync();
            var seconds = Stopwatch.GetElapsedTime(started).TotalSeconds;
            Assert.Equal((200, """{"status":"healthy","healthy":1,"total":1}"""), await process.GetAsync("/health"));
            Assert.DoesNotContain(
                "inotify", string.Join('\n', Descriptors.Of(process).Select(d => d.Target + d.Info)), StringComparison.Ordinal);
            return seconds;
        }
    }

    [Theory]
    [InlineData(30)]
    [InlineData(100)]
    [InlineData(200)]
    [InlineData(250)]
    [InlineData(300)]
    public async Task Descriptors_TooFewToServe_Is1WithOneSentenceThatNamesWhatIsNeeded(int limit)
    {
        await using var process = ProxyProcess.Run(
            new ProxyStart { Configuration = Settings.For("tcp://127.0.0.1:1"), Shell = $"ulimit -n {limit}" });

        Assert.Equal(1, await process.ExitAsync());
        Assert.StartsWith($"parent-proxy: at most {limit} files may be open ", Assert.Single(process.Error.All), StringComparison.Ordinal);
        Assert.Empty(process.Out.All);
    }

    [Fact]
    public async Task Descriptors_AsManyAsItAsksFor_ServeEverything()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        int needed;
        await using (var refused = ProxyProcess.Run(
            new ProxyStart { Configuration = Settings.For(enclaves[0].EndPoint), Shell = "ulimit -n 200" }))
        {
            Assert.Equal(1, await refused.ExitAsync());
            needed = int.Parse(MoreDescriptors().Match(refused.Error.ToString()).Groups["limit"].Value, CultureInfo.InvariantCulture);
        }

        await using var process = ProxyProcess.Run(new ProxyStart
        {
            Configuration = Settings.With(new { AccessLog = new { Mode = "all" } }, enclaves[0].EndPoint),
            Environment = new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1" },
            Shell = $"ulimit -n {needed}",
        });
        await process.ReadyAsync();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ => Assert.Equal("blue", await process.ServedByAsync())));
        using (var admin = new HttpClient())
        {
            foreach (var page in (string[])["/", "/metrics", "/enclaves"])
                Assert.NotEmpty(await admin.GetStringAsync(new Uri(process.AdminUrl, page)));
        }

        Assert.Equal(0, process.Out.All.Count(line => line.Contains("Cannot accept", StringComparison.Ordinal)));
        Assert.Equal(200, (await process.AdminAsync("/health/ready")).Status);
        Assert.Equal(0, await process.StopAsync(Signal.Term));
    }

    [Fact]
    public async Task Descriptors_AreClosedOnExecAndGivenBack()
    {
        await using var enclaves = await Enclaves.StartAsync("blue");
        await using var process = ProxyProcess.Run(
            Settings.With(new { Health = new { Probe = new { Interval = "01:00:00" } } }, enclaves[0].EndPoint));
        await process.ReadyAsync();
        Assert.Equal("blue", await process.ServedByAsync());
        await Eventually.TrueAsync(() => Sockets() <= 4, () => "connections stay");
        Assert.All(
            Descriptors.Of(process).Where(d => d.Target.StartsWith("socket:", StringComparison.Ordinal)),
            d => Assert.True(d.IsClosedOnExec, d.Target));

        var before = Sockets();
        for (var i = 0; i < 50; i++)
        {
            using var client = new KeepAliveClient(process.Url);
            await client.ConnectAsync();
            Assert.Equal(200, (await client.GetAsync("/echo")).Status);
        }

        // One pooled connection to the enclave may be open or not.
        await Eventually.TrueAsync(() => Sockets() <= before + 1, () => $"{before} sockets before, {Sockets()} after");

        int Sockets() => Descriptors.Of(process).Count(d => d.Target.StartsWith("socket:", StringComparison.Ordinal));
    }

    [GeneratedRegex("to (?<limit>[0-9]+) at least")]
    private static partial Regex MoreDescriptors();
}
