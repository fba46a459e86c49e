using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands.Attest;

/// <summary><c>parent-proxy attest</c>, against servers that are scripted.</summary>
public sealed class AttestCommandTests
{
    private static readonly string[] Pins = ["--pcr0", TestAttester.Pcr(0), "--pcr2", TestAttester.Pcr(2)];

    [Fact]
    public async Task Pinned_IsVerified()
    {
        using var attester = new TestAttester { PublicKey = [4, 5, 6] };
        await using var enclave = attester.Serve();

        var run = await AttestRun.RunAsync([enclave.EndPoint, "--root", attester.RootFile, "--user-data", "hello\u001b[31m", .. Pins]);

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.StartsWith("VERIFIED: ", run.Out, StringComparison.Ordinal);
        Assert.Matches(@"\n  PCRs        0, 2 as pinned\n  nonce       as asked for\n", run.Out);
        Assert.Matches(@"\nNOT checked\n  that AWS vouches for it: another root is trusted\n\n", run.Out);
        Assert.Contains($"Enclave at {enclave.EndPoint}\n  module id   {TestAttester.ModuleId}\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("  public key  3 bytes: BAUG\n", run.Out, StringComparison.Ordinal);
        Assert.Contains("  user data   10 bytes: 68656c6c6f1b5b33316d\n", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("PCR5", run.Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Json_OfAVerifiedOne_HasWhatScriptsRead()
    {
        using var attester = new TestAttester { PublicKey = [4, 5, 6] };
        await using var enclave = attester.Serve();

        var run = await AttestRun.RunAsync(
            [enclave.EndPoint, "--json", "--root", attester.RootFile, "--nonce", "öne", "--user-data-hex", "68c3bc", .. Pins]);

        Assert.Equal((0, ""), (run.Code, run.Error));
        Assert.Equal(
            [
                "verified", "verdict", "reason", "verification_error", "verification", "has_public_key", "debug", "trust", "pinned",
                "nonce_compared", "endpoint", "judged_at",
            ],
            run.Json.EnumerateObject().Select(member => member.Name));
        Assert.Equal(
            ["module_id", "timestamp", "pcrs", "public_key", "user_data", "user_data_hex", "nonce", "nonce_hex", "debug"],
            run.Json.GetProperty("verification").EnumerateObject().Select(member => member.Name));
        Assert.True(run.Json.GetProperty("verified").GetBoolean());
        Assert.Equal(("verified", "none", "custom"), (Text(run, "verdict"), Text(run, "reason"), Text(run, "trust")));
        Assert.Null(Text(run, "verification_error"));
        var verification = run.Json.GetProperty("verification");
        Assert.Equal(TestAttester.ModuleId, verification.GetProperty("module_id").GetString());
        Assert.Equal(attester.Made.ToUnixTimeMilliseconds(), verification.GetProperty("timestamp").GetInt64());
        Assert.Equal(TestAttester.Pcr(4), verification.GetProperty("pcrs").GetProperty("4").GetString());
        Assert.Equal("BAUG", verification.GetProperty("public_key").GetString());
        Assert.Equal("hü", verification.GetProperty("user_data").GetString());
        Assert.Equal("öne", verification.GetProperty("nonce").GetString());
        Assert.Equal("c3b66e65", verification.GetProperty("nonce_hex").GetString());
        Assert.True(run.Json.GetProperty("has_public_key").GetBoolean());
        Assert.False(run.Json.GetProperty("debug").GetBoolean());
    }

    [Fact]
    public async Task EnclaveOfTheConfiguration_IsAskedAndJudgedAsItSays()
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();
        var port = enclave.EndPoint[(enclave.EndPoint.LastIndexOf(':') + 1)..];
        string[] settings =
        [
            "--Enclaves:0:Id=signer", "--Enclaves:0:Transport=tcp", "--Enclaves:0:TcpHost=127.0.0.1", "--Enclaves:0:Port=1",
            "--Attestation:Mode=observe", "--Attestation:Protocol=jsonl", $"--Attestation:Port={port}",
            $"--Attestation:Root={attester.RootFile}", $"--Attestation:Pcrs:0:0={TestAttester.Pcr(0)}",
        ];

        var run = await AttestRun.RunAsync(["signer", "--json", .. settings]);
        var otherwise = await AttestRun.RunAsync(["signer", "--json", "--pcr0", TestAttester.Pcr(1), .. settings]);
        var elsewhere = await AttestRun.RunAsync(["signer", "--json", "--port", "1", .. settings]);

        Assert.Equal((0, "verified"), (run.Code, Text(run, "verdict")));
        Assert.Equal((1, "pcr-mismatch"), (otherwise.Code, Text(otherwise, "reason")));
        Assert.Equal((1, "request"), (elsewhere.Code, Text(elsewhere, "reason")));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0, "--allow-unpinned")]
    public async Task Unpinned_IsASuccessOnlyWhenAllowed(int code, params string[] more)
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();

        var text = await AttestRun.RunAsync([enclave.EndPoint, "--root", attester.RootFile, .. more]);
        var json = await AttestRun.RunAsync([enclave.EndPoint, "--root", attester.RootFile, "--json", .. more]);

        Assert.Equal((code, code), (text.Code, json.Code));
        Assert.StartsWith("UNPINNED: ", text.Out, StringComparison.Ordinal);
        Assert.Contains("\n  the image: no PCR is pinned\n", text.Out, StringComparison.Ordinal);
        Assert.False(json.Json.GetProperty("verified").GetBoolean());
        Assert.Equal(("unpinned", "none"), (Text(json, "verdict"), Text(json, "reason")));
        Assert.Contains("no PCR is pinned", Text(json, "verification_error"), StringComparison.Ordinal);
        Assert.Equal(TestAttester.ModuleId, json.Json.GetProperty("verification").GetProperty("module_id").GetString());
    }

    [Fact]
    public async Task Debug_IsRejected_AndUnpinnedWhenAllowed()
    {
        using var attester = new TestAttester { IsDebug = true };
        await using var enclave = attester.Serve();
        string[] arguments = [enclave.EndPoint, "--root", attester.RootFile, "--json", .. Pins];

        var refused = await AttestRun.RunAsync(arguments);
        var allowed = await AttestRun.RunAsync([.. arguments, "--allow-debug"]);
        var wanted = await AttestRun.RunAsync([.. arguments, "--allow-debug", "--allow-unpinned"]);

        Assert.Equal((1, "rejected", "debug-mode"), (refused.Code, Text(refused, "verdict"), Text(refused, "reason")));
        Assert.Equal(JsonValueKind.Null, refused.Json.GetProperty("verification").ValueKind);
        Assert.True(refused.Json.GetProperty("debug").GetBoolean());
        Assert.Equal((1, "unpinned"), (allowed.Code, Text(allowed, "verdict")));
        Assert.Equal((0, "unpinned"), (wanted.Code, Text(wanted, "verdict")));
    }

    [Fact]
    public async Task Rejected_SaysWhyAndNothingElse()
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();

        var run = await AttestRun.RunAsync(enclave.EndPoint, "--root", attester.RootFile, "--pcr0", new string('b', 96));

        Assert.Equal(1, run.Code);
        Assert.StartsWith("REJECTED (pcr-mismatch): PCR0 is ", run.Out, StringComparison.Ordinal);
        Assert.DoesNotContain("module id", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("untrusted-root")]
    [InlineData("nonce", "--root")]
    public async Task OfAnotherRootOrNonce_IsRejected(string reason, params string[] root)
    {
        using var attester = new TestAttester();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            await connection.SendAsync(attester.Answer("""{"nonce":"another","user_data":null}"""));
        });

        var run = await AttestRun.RunAsync([enclave.EndPoint, "--json", .. Pins, .. root.SelectMany(o => (string[])[o, attester.RootFile])]);

        Assert.Equal((1, reason), (run.Code, Text(run, "reason")));
    }

    [Fact]
    public async Task Http_IsAskedAtThePointer()
    {
        using var attester = new TestAttester();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var request = await connection.ReadMessageAsync();
            var nonce = request.StartLine.Split("challenge=")[1].Split(' ')[0];
            var body = $$"""{"data":[{"doc":"{{Convert.ToBase64String(attester.Document(Encoding.UTF8.GetBytes(nonce)))}}"}]}""";
            await connection.SendAsync($"HTTP/1.1 200 OK\r\nContent-Length: {body.Length}\r\n\r\n{body}");
        });

        var run = await AttestRun.RunAsync(
            [enclave.EndPoint, "--http", "/a?challenge={nonce}", "--pointer", "/data/0/doc", "--root", attester.RootFile, .. Pins]);

        Assert.Equal((0, ""), (run.Code, run.Error));
    }

    [Fact]
    public async Task RequestThatFails_Is1AndJsonSaysSo()
    {
        using var port = new ClosedPort();

        var run = await AttestRun.RunAsync(port.EndPoint, "--json");

        Assert.Equal(1, run.Code);
        Assert.StartsWith("parent-proxy: attest (JSON lines) failed dialling tcp://", run.Error, StringComparison.Ordinal);
        Assert.False(run.Json.GetProperty("verified").GetBoolean());
        Assert.Equal(("rejected", "request"), (Text(run, "verdict"), Text(run, "reason")));
        Assert.Contains("ECONNREFUSED", Text(run, "verification_error"), StringComparison.Ordinal);
        Assert.Equal(JsonValueKind.Null, run.Json.GetProperty("verification").ValueKind);
    }

    [Theory]
    [InlineData("d.b64")]
    [InlineData("d.cbor")]
    public async Task Save_KeepsTheDocument_WhichFileReads(string name)
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();
        var file = attester.Folder.File(name);
        await File.WriteAllTextAsync(file, "older");

        var asked = await AttestRun.RunAsync([enclave.EndPoint, "--root", attester.RootFile, "--nonce", "n", "--save", file, .. Pins]);
        var read = await AttestRun.RunAsync(["--file", file, "--root", attester.RootFile, "--nonce", "n", "--json", .. Pins]);
        var other = await AttestRun.RunAsync(["--file", file, "--root", attester.RootFile, "--nonce", "m", "--json", .. Pins]);

        Assert.Equal((0, 0, 1), (asked.Code, read.Code, other.Code));
        Assert.Equal("nonce", Text(other, "reason"));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
        Assert.Equal(name == "d.cbor" ? 0x84 : (byte)'h', (await File.ReadAllBytesAsync(file))[0]);
        Assert.Equal(2, Directory.GetFiles(attester.Folder.Root).Length);
    }

    [Fact]
    public async Task Save_OfARejectedOne_SaysSo()
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();
        var file = attester.Folder.File("d");

        var run = await AttestRun.RunAsync(enclave.EndPoint, "--save", file);

        Assert.Equal(1, run.Code);
        Assert.Contains("holds the document that was rejected", run.Error, StringComparison.Ordinal);
        Assert.EndsWith("\n", await File.ReadAllTextAsync(file), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/nonexistent/d")]
    [InlineData("/tmp")]
    [InlineData("/dev/null")]
    public async Task Save_ThatCannotBe_Is1(string file)
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();

        var run = await AttestRun.RunAsync([enclave.EndPoint, "--root", attester.RootFile, "--save", file, .. Pins]);

        Assert.Equal(1, run.Code);
        Assert.StartsWith("VERIFIED", run.Out, StringComparison.Ordinal);
        Assert.Contains($"--save: '{file}", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task File_IsJudgedByTheTimeThatIsGiven()
    {
        using var attester = new TestAttester { Made = DateTimeOffset.UtcNow.AddHours(-1) };
        var file = attester.Folder.File("answer.json");
        await File.WriteAllTextAsync(file, attester.Answer("""{"nonce":null,"user_data":"hello"}"""));
        string[] arguments = ["--file", file, "--root", attester.RootFile, .. Pins];

        var now = await AttestRun.RunAsync([.. arguments, "--json"]);
        var then = await AttestRun.RunAsync([.. arguments, "--at", $"{DateTimeOffset.UtcNow.AddSeconds(-30).ToUnixTimeMilliseconds()}", "--json"]);
        var madeNow = attester.Made = DateTimeOffset.UtcNow;
        await File.WriteAllTextAsync(file, attester.Answer("""{"nonce":null,"user_data":"hello"}"""));
        var fresh = await AttestRun.RunAsync([.. arguments, "--at", $"{madeNow:yyyy-MM-dd'T'HH:mm:ss.fffK}"]);

        Assert.Equal((1, "freshness"), (now.Code, Text(now, "reason")));
        Assert.Equal((1, "freshness"), (then.Code, Text(then, "reason")));
        Assert.Equal(0, fresh.Code);
        Assert.Contains("  that it holds now: it was judged by ", fresh.Out, StringComparison.Ordinal);
        Assert.Contains("  the nonce: none was given", fresh.Out, StringComparison.Ordinal);
        Assert.Contains("  user data   \"hello\"\n", fresh.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{}", "holds JSON without text at /attestation_document or /attestation; --pointer says where it is")]
    [InlineData("{", "holds what is not JSON")]
    [InlineData("AQI", "the text is not base64")]
    public async Task File_ThatHoldsNone_Is1(string content, string said)
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllTextAsync(folder.File("d"), content);

        var run = await AttestRun.RunAsync("--file", folder.File("d"), "--json");

        Assert.Equal(1, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
        Assert.Equal("request", Text(run, "reason"));
    }

    [Fact]
    public async Task NoVerify_ShowsAnything_AndVerifiesNothing()
    {
        using var attester = new TestAttester();
        var file = attester.Folder.File("d.cbor");
        var bytes = attester.Document(null);
        bytes[^1] ^= 1;
        await File.WriteAllBytesAsync(file, bytes);

        var text = await AttestRun.RunAsync("--file", file, "--no-verify");
        var json = await AttestRun.RunAsync("--file", file, "--no-verify", "--json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.All(
            text.Out.TrimEnd().Split('\n').Skip(1), line => Assert.StartsWith("unverified  ", line, StringComparison.Ordinal));
        Assert.False(json.Json.GetProperty("verified").GetBoolean());
        Assert.Equal(JsonValueKind.Null, json.Json.GetProperty("verification").ValueKind);
        Assert.Equal(TestAttester.ModuleId, json.Json.GetProperty("unverified").GetProperty("module_id").GetString());
    }

    [Fact]
    public async Task NoVerify_OfNoDocument_Is1()
    {
        using var folder = new TemporaryDirectory();
        await File.WriteAllBytesAsync(folder.File("d"), [0x84, 1]);

        var run = await AttestRun.RunAsync("--file", folder.File("d"), "--no-verify", "--json");

        Assert.Equal((1, "malformed-cbor"), (run.Code, Text(run, "reason")));
    }

    [Fact]
    public async Task Ping_Pongs()
    {
        await using var enclave = Answering("""{"success":true,"message":"pong","timestamp":1}""");

        var text = await AttestRun.RunAsync(enclave.EndPoint, "--ping");
        var json = await AttestRun.RunAsync(enclave.EndPoint, "--ping", "--json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.StartsWith($"Pong! {enclave.EndPoint} answered within ", text.Out, StringComparison.Ordinal);
        Assert.True(json.Json.GetProperty("latency_ms").GetDouble() > 0);
    }

    [Theory]
    [InlineData("1796032800.25", null, "2026-11-30T10:00:00Z")]
    [InlineData("17.5", 17.5, null)]
    [InlineData("\"long\"", null, null)]
    [InlineData("1e300", 1e300, null)]
    public async Task Status_AnUptimeThatIsTheTimeOfDay_IsNone(string uptime, double? seconds, string? clock)
    {
        await using var enclave = Answering($$"""{"success":true,"status":"run\u001b[31mning","port":9000,"uptime":{{uptime}}}""");

        var text = await AttestRun.RunAsync(enclave.EndPoint, "--status");
        var json = await AttestRun.RunAsync(enclave.EndPoint, "--status", "--json");

        Assert.Equal((0, 0), (text.Code, json.Code));
        Assert.Contains("  status  run [31mning\n  port    9000\n", text.Out, StringComparison.Ordinal);
        Assert.Equal(seconds is not null, text.Out.Contains("uptime  ", StringComparison.Ordinal));
        Assert.Equal(clock, Text(json, "clock"));
        Assert.Equal(seconds, json.Json.GetProperty("uptime") is { ValueKind: JsonValueKind.Number } number ? number.GetDouble() : null);
    }

    [Fact]
    public async Task PcrsFrom_Alone_MakesAFile_WhichPins()
    {
        using var attester = new TestAttester();
        await using var enclave = attester.Serve();
        var build = attester.Folder.File("build.json");
        await File.WriteAllTextAsync(build, $$"""
            Start building the Enclave Image...
            {
              "Measurements": {
                "HashAlgorithm": "Sha384 { ... }",
                "PCR0": "{{TestAttester.Pcr(0).ToUpperInvariant()}}",
                "PCR1": "{{TestAttester.Pcr(1)}}"
              }
            }
            """);
        var pins = attester.Folder.File("pins.json");

        var printed = await AttestRun.RunAsync("--pcrs-from", build);
        var saved = await AttestRun.RunAsync("--pcrs-from", build, "--save", pins);
        var run = await AttestRun.RunAsync(enclave.EndPoint, "--root", attester.RootFile, "--pcrs-from", pins, "--json");

        Assert.Equal((0, 0, 0), (printed.Code, saved.Code, run.Code));
        Assert.Equal(
            $$"""
            {
              "PCR0": "{{TestAttester.Pcr(0)}}",
              "PCR1": "{{TestAttester.Pcr(1)}}"
            }

            """,
            printed.Out);
        Assert.Equal(printed.Out, await File.ReadAllTextAsync(pins));
        Assert.Equal("[\n    0,\n    1\n  ]", run.Json.GetProperty("pinned").GetRawText());
    }

    [Fact]
    public async Task Setting_ThatIsWrong_Is1()
    {
        var run = await AttestRun.RunAsync("tcp://127.0.0.1:1", "--None:Such=1");

        Assert.Equal(1, run.Code);
        Assert.Contains("None", run.Error, StringComparison.Ordinal);
    }

    private static ScriptedEnclave Answering(string answer) => ScriptedEnclave.Start(async connection =>
    {
        await connection.ReadLineAsync();
        await connection.SendAsync(answer + "\n");
    });

    private static string? Text(AttestRun run, string name) => run.Json.GetProperty(name).GetString();
}
