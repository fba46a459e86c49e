using System.Net;
using System.Net.Sockets;
using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Tests.Trust.Clients;

/// <summary>JSON lines, against servers that do as they like.</summary>
public sealed class JsonLinesClientTests
{
    private const string Good = """{"success":true,"attestation_document":"AQID","nonce":"another"}""";
    private static readonly byte[] Document = [1, 2, 3];

    [Fact]
    public async Task Request_IsOneLine_AndItsEndIsNotTheClients()
    {
        var line = new TaskCompletionSource<string>();
        var hasEnded = new TaskCompletionSource<bool>();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            line.SetResult((await connection.ReadLineAsync())!);
            var more = connection.HasBytesAsync();
            await connection.SendAsync(Good);
            hasEnded.SetResult(more.IsCompleted);
            await connection.SendAsync("\n");
            await more;
        });

        var document = await Client(enclave).RequestAsync(
            new AttestationRequest { Nonce = "n0nce", UserData = "a\n\"ü", GenerateKey = true }, CancellationToken.None);

        Assert.Equal(Document, document);
        var request = JsonDocument.Parse(await line.Task).RootElement;
        Assert.Equal("attest", request.GetProperty("command").GetString());
        Assert.Equal("n0nce", request.GetProperty("nonce").GetString());
        Assert.Equal("a\n\"ü", request.GetProperty("user_data").GetString());
        Assert.True(request.GetProperty("generate_key").GetBoolean());
        Assert.False(await hasEnded.Task);
    }

    [Fact]
    public async Task Request_WithoutUserData_SaysNull()
    {
        var line = new TaskCompletionSource<string>();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            line.SetResult((await connection.ReadLineAsync())!);
            await connection.SendAsync(Good + "\n");
        });

        await Client(enclave).RequestAsync(TestPeer.Request, CancellationToken.None);

        Assert.Equal("""{"command":"attest","user_data":null,"nonce":"n0nce","generate_key":false}""", await line.Task);
    }

    [Theory]
    [InlineData(Good + "\n")]
    [InlineData(Good + "\r\n")]
    [InlineData(Good)] // the end of the connection takes the place of the newline
    [InlineData("\n\n " + Good + "\n\n")]
    [InlineData("{\n  \"success\": true,\n  \"attestation_document\": \"AQID\",\n  \"nested\": [\n    {\n    }\n  ]\n}\n")]
    [InlineData("""{"success":true,"attestation_document":"AQ\u0049D"}""" + "\n")]
    public async Task Request_AnswerInAnyOfItsForms_IsTheDocument(string answer)
    {
        await using var enclave = Answering(answer);

        Assert.Equal(Document, await Client(enclave).RequestAsync(TestPeer.Request, CancellationToken.None));
    }

    [Fact]
    public async Task Request_ByteByByte_IsTheDocument()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            foreach (var c in "{\n\"success\":true,\r\n\"attestation_document\":\"AQID\"}\n")
                await connection.SendAsync(c.ToString());
            await connection.HasBytesAsync();
        });

        Assert.Equal(Document, await Client(enclave).RequestAsync(TestPeer.Request, CancellationToken.None));
    }

    [Theory]
    [InlineData("", "protocol", "was answered by closing the connection")]
    [InlineData("\r\n", "protocol", "was answered by closing the connection")]
    [InlineData("hello\n", "protocol", "answered with what is not JSON (line 1, byte 0)")]
    [InlineData("{\"success\":true", "protocol", "answered with what is not JSON")]
    [InlineData("[1]\n", "protocol", "answered with a JSON array, not an object")]
    [InlineData("17\n", "protocol", "answered with a JSON number, not an object")]
    [InlineData(Good + Good + "\n", "protocol", "answered with a JSON value and something behind it")]
    [InlineData(Good + "\n" + Good + "\n", "protocol", "answered with a JSON value and something behind it")]
    [InlineData(Good + "x\n", "protocol", "answered with a JSON value and something behind it")]
    [InlineData("""{"success":true,"attestation_document":"AQID","attestation_document":"AAAA"}""", "protocol", "has a name twice")]
    [InlineData("""{"success":true,"\ud800":1,"attestation_document":"AQID"}""", "protocol", "a name twice, or one that is no text")]
    [InlineData("{\"success\":true,\"attestation_document\":\"\xff\"}\n", "protocol", "bytes that are not UTF-8")]
    [InlineData("""{"success":true}""", "protocol", "answered success without attestation_document as text")]
    [InlineData("""{"success":true,"attestation_document":17}""", "protocol", "without attestation_document as text")]
    [InlineData("""{"success":true,"attestation_document":"\ud800"}""", "protocol", "without attestation_document as text")]
    [InlineData("""{"success":true,"attestation_document":"AQI"}""", "protocol", "the text is not base64")]
    [InlineData("""{"success":true,"attestation_document":""}""", "protocol", "the text has 0 characters")]
    [InlineData("""{"attestation_document":"AQID"}""", "protocol", "an object that has no success")]
    [InlineData("""{"success":"true","attestation_document":"AQID"}""", "protocol", "an object that has no success")]
    [InlineData("""{"success":false,"attestation_document":"AQID"}""", "refused", "was refused without a reason")]
    [InlineData("""{"success":false,"error":"no\u001b[31m /dev/nsm\n."}""", "refused", "was refused: no [31m /dev/nsm")]
    [InlineData("""{"error":"Unknown command: attest"}""", "refused", "was refused: Unknown command: attest")]
    public async Task Request_AnotherAnswer_IsRefusedWithItsReason(string answer, string code, string said)
    {
        await using var enclave = Answering(answer);

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal(code, failure.Code);
        Assert.StartsWith($"attest (JSON lines) on {enclave.EndPoint} ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(failure.Message, char.IsControl);
    }

    [Fact]
    public async Task Request_LongError_IsCut()
    {
        await using var enclave = Answering($$"""{"success":false,"error":"{{new string('e', 5000)}}"}""" + "\n");

        Assert.InRange((await TestPeer.FailureAsync(Client(enclave))).Message.Length, 200, 400);
    }

    [Theory]
    [InlineData("{\"a\":\"")]
    [InlineData("\n")]
    [InlineData("[")]
    public async Task Request_AnswerOfTenMebibytes_IsLeftUnread(string beginning)
    {
        var sent = 0;
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            await connection.SendAsync(beginning);
            for (; sent < 160; sent++)
                await connection.SendAsync(new string(beginning == "\n" ? '\n' : ' ', 64 * 1024));
        });

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal("too-large", failure.Code);
        Assert.Contains("256 KiB", failure.Message, StringComparison.Ordinal);
        Assert.True(sent < 160, "all of it was read");
    }

    [Theory]
    [InlineData("")]
    [InlineData(Good)] // neither a newline nor the end
    [InlineData("{\n")]
    public async Task Request_NoWholeAnswerInTime_IsTimeout(string begun)
    {
        var clock = new ManualTimeProvider();
        var asked = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            await connection.SendAsync(begun);
            asked.SetResult();
            await connection.HasBytesAsync();
        });
        var timeout = TimeSpan.FromSeconds(5);
        var request = TestPeer.FailureAsync(new JsonLinesClient(TestPeer.At(enclave.EndPoint, clock, timeout)));
        await asked.Task;

        clock.Advance(timeout - TimeSpan.FromMilliseconds(1));
        Assert.Equal(1, clock.Timers);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        var failure = await request;
        Assert.Equal("timeout", failure.Code);
        Assert.Contains("had no whole answer within 5 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_GivenUp_IsCancelled()
    {
        using var giveUp = new CancellationTokenSource();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            await giveUp.CancelAsync();
            await connection.HasBytesAsync();
        });

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Client(enclave).RequestAsync(TestPeer.Request, giveUp.Token));
    }

    [Fact]
    public async Task Request_NobodyListens_NamesErrnoAndWhatToDo()
    {
        using var port = new ClosedPort();

        var failure = await TestPeer.FailureAsync(new JsonLinesClient(TestPeer.At(port.EndPoint)));

        Assert.Equal("ECONNREFUSED", failure.Code);
        Assert.Equal(
            $"attest (JSON lines) failed dialling {port.EndPoint}: ECONNREFUSED (nobody listens on this port). "
                + "Start the application, or correct host and port.",
            failure.Message);
    }

    [Fact]
    public async Task Request_Reset_NamesErrno()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadLineAsync();
            connection.Reset();
        });

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal("ECONNRESET", failure.Code);
        Assert.Contains("ECONNRESET", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OverUnixSocket_IsTheDocument()
    {
        using var folder = new TemporaryDirectory();
        await using var enclave = ScriptedEnclave.Start(AnswerAsync, new UnixDomainSocketEndPoint(folder.File("a.sock")));

        Assert.Equal(Document, await Client(enclave).RequestAsync(TestPeer.Request, CancellationToken.None));
    }

    [Fact]
    public async Task Request_OverHybridSocket_IsTheDocument()
    {
        using var folder = new TemporaryDirectory();
        var path = folder.File("v.sock");
        await using var enclave = ScriptedEnclave.Start(
            async connection =>
            {
                Assert.Equal("CONNECT 9000", await connection.ReadLineAsync());
                await connection.SendAsync("OK 1073741824\n");
                await AnswerAsync(connection);
            },
            new UnixDomainSocketEndPoint(path));

        var client = new JsonLinesClient(TestPeer.At($"hybrid:{path}:9000"));

        Assert.Equal(Document, await client.RequestAsync(TestPeer.Request, CancellationToken.None));
    }

    [Fact]
    public async Task Request_OverIPv6_IsTheDocument()
    {
        await using var enclave = ScriptedEnclave.Start(AnswerAsync, new IPEndPoint(IPAddress.IPv6Loopback, 0));

        Assert.Equal(Document, await Client(enclave).RequestAsync(TestPeer.Request, CancellationToken.None));
    }

    [Fact]
    public async Task PingAndStatus_AskTheirCommand()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            var line = await connection.ReadLineAsync();
            await connection.SendAsync(line == """{"command":"ping"}"""
                ? "{\"success\":true,\"message\":\"pong\"}\n"
                : $$"""{"success":{{(line == """{"command":"status"}""" ? "true" : "false")}},"port":9000}""");
        });

        await Client(enclave).PingAsync(CancellationToken.None);
        using var status = await Client(enclave).StatusAsync(CancellationToken.None);

        Assert.Equal(9000, status.RootElement.GetProperty("port").GetInt32());
    }

    [Fact]
    public void Nonce_IsFreshText()
    {
        var nonces = Enumerable.Range(0, 100).Select(_ => AttestationNonce.Create()).ToHashSet();

        Assert.Equal(100, nonces.Count);
        Assert.All(nonces, nonce => Assert.Matches("^[A-Za-z0-9_-]{43}$", nonce));
    }

    private static JsonLinesClient Client(ScriptedEnclave enclave) => new(TestPeer.At(enclave.EndPoint));

    private static async Task AnswerAsync(WireConnection connection)
    {
        await connection.ReadLineAsync();
        await connection.SendAsync(Good + "\n");
        await connection.HasBytesAsync();
    }

    /// <summary>Answers and closes.</summary>
    private static ScriptedEnclave Answering(string answer) => ScriptedEnclave.Start(async connection =>
    {
        await connection.ReadLineAsync();
        await connection.SendAsync(answer.Contains('\xff') ? Encoding.Latin1.GetBytes(answer) : Encoding.UTF8.GetBytes(answer));
    });
}
