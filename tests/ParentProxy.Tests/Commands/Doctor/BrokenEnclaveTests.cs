using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ParentProxy.Commands;
using ParentProxy.Commands.Doctor;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Commands.Listeners;
using ParentProxy.Tests.Configuration;
using ParentProxy.Tests.Enclaves.Discovery;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands.Doctor;

/// <summary>What is wrong with enclaves and addresses: real sockets, and programs in the place of nitro-cli.</summary>
public sealed class BrokenEnclaveTests
{
    private const string Discovery = """{ "Discovery": { "Enabled": true } }""";

    [Fact]
    public async Task DeadUnixSocket_IsToldFromOneThatIsMissing()
    {
        using var machine = new FakeMachine();
        using var directory = new TemporaryDirectory();

        // Its file is there, and nobody listens.
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        socket.Bind(new UnixDomainSocketEndPoint(directory.File("dead.sock")));

        var run = await DoctorRun.OfAsync(machine, $$"""
            { "Enclaves": [ { "Id": "dead", "Transport": "unix", "Path": "{{directory.File("dead.sock")}}" },
                            { "Id": "missing", "Transport": "unix", "Path": "{{directory.File("none.sock")}}" } ] }
            """);

        run.Says("enclave-dial", CheckStatus.Fail, "ECONNREFUSED", "left over");
        run.Says("enclave-dial", CheckStatus.Fail, "ENOENT", "Start the program");
    }

    [Fact]
    public async Task EnclaveThatIsWell_IsDialledProbedAndEchoes()
    {
        using var machine = new FakeMachine();
        await using var enclave = await TestEnclave.StartAsync();

        var run = await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint));

        Assert.All(
            ["enclave-dial", "enclave-probe", "enclave-echo"], id => Assert.Equal(CheckStatus.Ok, run.Of(id).Status));
    }

    [Fact]
    public async Task ApplicationWithoutTheProbedPath_SaysWhichSetting()
    {
        using var machine = new FakeMachine();
        await using var enclave = ScriptedEnclave.Answering("HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");

        var run = await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint));

        run.Says("enclave-probe", CheckStatus.Fail, "status", "Health:Probe:Path");
        Assert.DoesNotContain(run.Results, result => result.Id == "enclave-echo");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task EchoThatIsDamaged_SaysWhereAndWhatCausesIt(bool isShortened)
    {
        using var machine = new FakeMachine();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var request = await connection.ReadMessageAsync();
            var body = request.Body.ToArray();
            if (body.Length == 0)
                body = Encoding.Latin1.GetBytes(request.StartLine);
            else if (body.Length > 100_000 && isShortened)
                body = body[..^4096];
            else if (body.Length > 100_000)
                body[100_000] ^= 1;
            await connection.SendAsync(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"
                    + Encoding.Latin1.GetString(body));
        });

        var run = await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint));

        run.Says("enclave-echo", CheckStatus.Fail, "not what was sent", "Vsock:MaxWriteBytes");
        Assert.Contains(
            isShortened ? "258048 of 262144 bytes came" : "byte 100000 of 262144",
            run.Of("enclave-echo").Evidence[0],
            StringComparison.Ordinal);
    }

    /// <summary>Nothing surprising is done to an application that merely answers.</summary>
    [Theory]
    [InlineData(0, false)]
    [InlineData(2, true)]
    public async Task ApplicationThatIsNoEcho_GetsNoLargeBody(int posts, bool isToldOfItself)
    {
        using var machine = new FakeMachine();
        var bodies = new ConcurrentQueue<int>();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var request = await connection.ReadMessageAsync();
            if (request.StartLine.StartsWith("POST", StringComparison.Ordinal))
                bodies.Enqueue(request.Body.Length);
            var body = isToldOfItself ? request.StartLine : "all is well";
            await connection.SendAsync(
                $"HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n"
                    + body);
        });

        var run = await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint));

        Assert.DoesNotContain(run.Results, result => result.Id == "enclave-echo");
        Assert.Equal(posts, bodies.Count);
        Assert.All(bodies, length => Assert.InRange(length, 1, 100));
    }

    [Fact]
    public async Task EnclaveWithoutADocument_FailsWhereAttestationIsEnforced()
    {
        using var machine = new FakeMachine();
        await using var enclave = await TestEnclave.StartAsync();

        var pin = $"--Attestation:Pcrs:0={new string('a', 96)}";
        (await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint), settings: ["--Attestation:Mode=enforce", pin]))
            .Says("enclave-attestation", CheckStatus.Fail, "no document", "parent-proxy attest 0");
        (await DoctorRun.OfAsync(machine, EnclaveAt(enclave.EndPoint), settings: "--Attestation:Mode=observe"))
            .Says("enclave-attestation", CheckStatus.Warn, "no document", "parent-proxy attest 0");
    }

    [Fact]
    public async Task NitroCliThatFails_SaysWhatItSaid()
    {
        using var machine = new FakeMachine();
        using var nitroCli = new FakeNitroCli();
        nitroCli.Do("error");

        (await DoctorRun.OfAsync(machine, Discovery, settings: $"--Discovery:NitroCli={nitroCli.Program}"))
            .Says("nitro-cli", CheckStatus.Fail, "E19", "docs/discovery.md, Rights");
    }

    [Fact]
    public async Task NitroCliThatIsMissing_FailsOnlyWhereItIsNeeded()
    {
        using var machine = new FakeMachine();

        (await DoctorRun.OfAsync(machine, Discovery, settings: "--Discovery:NitroCli=/nonexistent/nitro-cli"))
            .Says("nitro-cli", CheckStatus.Fail, "does not exist", "aws-nitro-enclaves-cli");
        (await DoctorRun.OfAsync(machine, settings: "--Discovery:NitroCli=/nonexistent/nitro-cli"))
            .Says("nitro-cli", CheckStatus.Skip, "does not exist", "aws-nitro-enclaves-cli");
    }

    [Fact]
    public async Task StaleCid_SaysWhichOneRunsUnderThatNameNow()
    {
        using var machine = new FakeMachine();
        using var nitroCli = new FakeNitroCli();
        nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 18), FakeNitroCli.Enclave("other", 19));

        var run = await DoctorRun.OfAsync(
            machine,
            """
            { "Enclaves": [ { "Id": "0", "Name": "proof-server", "Cid": 16, "Port": 6300 }, { "Id": "1", "Cid": 20, "Port": 6300 } ] }
            """,
            settings: $"--Discovery:NitroCli={nitroCli.Program}");

        run.Says("nitro-enclaves", CheckStatus.Fail, "at CID 16, but proof-server runs at CID 18 now", "set its Cid to 18");
        run.Says("nitro-enclaves", CheckStatus.Fail, "enclave 1 is configured at CID 20, where none runs", "nitro-cli describe-enclaves");
        run.Says("nitro-enclaves", CheckStatus.Warn, "other runs at CID 19", "_CID=19");
    }

    [Fact]
    public async Task EnclaveInDebugMode_SaysThatDiscoveryRefusesIt()
    {
        using var machine = new FakeMachine();
        using var nitroCli = new FakeNitroCli();
        nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 18, flags: "DEBUG_MODE"));

        (await DoctorRun.OfAsync(machine, Discovery, settings: $"--Discovery:NitroCli={nitroCli.Program}"))
            .Says("nitro-enclaves", CheckStatus.Fail, "proof-server at CID 18 gets no traffic", "Discovery:AllowDebugMode");
    }

    [Fact]
    public async Task DiscoveredEnclave_IsDialledWhereNitroCliSays()
    {
        using var machine = new FakeMachine();
        using var nitroCli = new FakeNitroCli();
        await using var enclave = await TestEnclave.StartAsync();
        nitroCli.Tell(FakeNitroCli.Enclave("proof-server", 18));
        var dialer = new VsockByCid { [18] = enclave };

        var run = await DoctorRun.OfAsync(machine, Discovery, dialer, $"--Discovery:NitroCli={nitroCli.Program}");

        Assert.Equal(CheckStatus.Ok, run.Of("enclave-probe").Status);
        Assert.Equal("proof-server", run.Of("enclave-probe").Subject);
        Assert.Equal(CheckStatus.Ok, run.Of("nitro-enclaves").Status);
    }

    [Fact]
    public void PortOfAnotherProgram_IsNamedWithItsProcess()
    {
        using var held = new FreePort();
        var options = TestConfiguration.Accept(
            TestConfiguration.WithEnclave($$""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://0.0.0.0:{{held.Number}}" } } } """));

        var report = new PlaceSurvey(new Machine(), new RunningAnswer("http://127.0.0.1:1", null, "ECONNREFUSED"))
            .Look(ListenPlace.Of(options)[0]);

        Assert.Equal(PlaceState.Taken, report.State);
        Assert.Contains($"(pid {Environment.ProcessId})", report.Summary, StringComparison.Ordinal);
        Assert.Contains("Kestrel:Endpoints:Http", report.Remedy, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http://192.0.2.1:6300", PlaceState.Impossible, "EADDRNOTAVAIL")]
    [InlineData("http://unix:/nonexistent/a.sock", PlaceState.Impossible, "ENOENT")]
    internal void AddressThatCannotBeHad_SaysWhy(string url, PlaceState state, string errno)
    {
        var options = TestConfiguration.Accept(
            TestConfiguration.WithEnclave($$""" "Kestrel": { "Endpoints": { "Http": { "Url": "{{url}}" } } } """));

        var report = new PlaceSurvey(new Machine(), new RunningAnswer("http://127.0.0.1:1", null)).Look(ListenPlace.Of(options)[0]);

        Assert.Equal(state, report.State);
        Assert.StartsWith(errno, report.Summary, StringComparison.Ordinal);
        Assert.NotEmpty(report.Remedy);
    }

    [Fact]
    public void FreePort_IsLeftFree()
    {
        var port = FreePort.Released();
        var options = TestConfiguration.Accept(
            TestConfiguration.WithEnclave($$""" "Kestrel": { "Endpoints": { "Http": { "Url": "http://127.0.0.1:{{port}}" } } } """));

        var report = new PlaceSurvey(new Machine(), new RunningAnswer("http://127.0.0.1:1", null)).Look(ListenPlace.Of(options)[0]);

        Assert.Equal(PlaceState.Free, report.State);
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
    }

    private static string EnclaveAt(string endPoint)
    {
        var place = endPoint.StartsWith("unix:", StringComparison.Ordinal)
            ? $"\"Transport\": \"unix\", \"Path\": \"{endPoint["unix:".Length..]}\""
            : $"\"Transport\": \"tcp\", \"TcpHost\": \"127.0.0.1\", \"Port\": {endPoint[(endPoint.LastIndexOf(':') + 1)..]}";
        return $$"""{ "Enclaves": [ { "Id": "0", {{place}} } ] }""";
    }
}
