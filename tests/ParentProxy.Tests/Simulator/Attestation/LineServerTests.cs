using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Simulator.Attestation;

public sealed class LineServerTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Attest_IsADocumentWithTheNonceAndEchoes()
    {
        await using var fixture = await AttesterFixture.StartAsync();

        var answer = await fixture.AskForLineAsync("""{"command":"attest","nonce":"n+h","generate_key":true}""" + "\n");
        var document = DecodedDocument.Read(answer.GetProperty("attestation_document").GetBytesFromBase64());

        Assert.Equal(
            ["success", "attestation_document", "user_data", "nonce", "has_public_key", "document_size", "timestamp"],
            answer.EnumerateObject().Select(property => property.Name));
        Assert.True(answer.GetProperty("success").GetBoolean());
        Assert.Equal("hello-from-enclave", answer.GetProperty("user_data").GetString());
        Assert.Equal("n+h", answer.GetProperty("nonce").GetString());
        Assert.True(answer.GetProperty("has_public_key").GetBoolean());
        Assert.Equal(document.Bytes.Length, answer.GetProperty("document_size").GetInt32());
        Assert.Equal("hello-from-enclave"u8, document.UserData!);
        using var key = ECDsa.Create();
        key.ImportSubjectPublicKeyInfo(document.PublicKey, out _);
        Assert.Equal(384, key.KeySize);
        Assert.Equal(X509ChainStatusFlags.NoError, document.CheckChain(fixture.Attester.Pki.RootPem, DateTimeOffset.UtcNow));
    }

    [Theory]
    [InlineData("""{"command":"attest"}""", "hello-from-enclave", null)]
    [InlineData("""{"command":"attest","user_data":null,"nonce":null}""", null, null)]
    [InlineData("""{"command":"attest","user_data":"d","nonce":"n"}""", "d", "n")]
    [InlineData("""{"command":"attest","user_data":"","nonce":""}""", "", "")]
    public async Task Attest_WithoutAKey_CarriesWhatWasAskedFor(string request, string? userData, string? nonce)
    {
        await using var fixture = await AttesterFixture.StartAsync();

        var answer = await fixture.AskForLineAsync(request + "\r\n");
        var document = DecodedDocument.Read(answer.GetProperty("attestation_document").GetBytesFromBase64());

        Assert.Equal(userData, Text(document.UserData));
        Assert.Equal(nonce, Text(document.Nonce));
        Assert.Null(document.PublicKey);
        Assert.False(answer.GetProperty("has_public_key").GetBoolean());
        // An empty text is echoed as null, as Python does.
        Assert.Equal(userData is "" ? null : userData, answer.GetProperty("user_data").GetString());
        Assert.Equal(nonce is "" ? null : nonce, answer.GetProperty("nonce").GetString());

        static string? Text(byte[]? bytes) => bytes is null ? null : Encoding.UTF8.GetString(bytes);
    }

    [Fact]
    public async Task Ping_AndStatus_AreInTheFormOfTheRealOne()
    {
        var clock = new ManualTimeProvider();
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions { Listen = "tcp://127.0.0.1:0" }, clock: clock);
        var port = IPEndPoint.Parse(fixture.Enclave.AttestationEndPoint!["tcp://".Length..]).Port;

        Assert.Equal(
            """{"success":true,"message":"pong","timestamp":1767225600}""" + "\n", await fixture.AskAsync("{\"command\":\"ping\"}\n"));
        Assert.Equal(
            $$"""{"success":true,"status":"running","port":{{port}},"uptime":1767225600}""" + "\n",
            await fixture.AskAsync("{\"command\":\"status\"}\n"));
    }

    [Theory]
    [InlineData("""{"command":"stop"}""", "Unknown command: stop", true)]
    [InlineData("{}", "Unknown command: ", true)]
    [InlineData("""{"command":"attest","nonce":5}""", "Failed to process request: ", false)]
    [InlineData("""{"command":"attest","nonce":"\ud800"}""", "Failed to process request: ", false)]
    [InlineData("""{"command":"attest","user_data":[]}""", "Failed to process request: ", false)]
    [InlineData("{\"command\":\"attest\",\"nonce\":\"\u00ff\"}", "Failed to process request: ", false)]
    [InlineData("[]", "Server error: ", false)]
    [InlineData("", "Invalid JSON request: ", false)]
    [InlineData("nonsense", "Invalid JSON request: ", false)]
    [InlineData("{\"command\":\"ping\"}\n{\"command\":\"ping\"}", "Invalid JSON request: ", false)]
    public async Task WrongRequest_IsRefusedInOneLine(string request, string error, bool namesCommands)
    {
        await using var fixture = await AttesterFixture.StartAsync();

        var answer = await fixture.AskForLineAsync(request + "\n");

        Assert.False(answer.GetProperty("success").GetBoolean());
        Assert.StartsWith(error, answer.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(namesCommands, answer.TryGetProperty("available_commands", out var commands));
        if (namesCommands)
            Assert.Equal(["ping", "attest", "status"], commands.EnumerateArray().Select(command => command.GetString()));
        Assert.Equal(0, fixture.Attester.Documents);
    }

    [Theory]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public async Task Attest_LongNonce_IsTakenToTheLimit(int length, bool isTaken)
    {
        await using var fixture = await AttesterFixture.StartAsync();

        var answer = await fixture.AskForLineAsync($$"""{"command":"attest","nonce":"{{new string('n', length)}}"}""" + "\n");

        Assert.Equal(isTaken, answer.GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task Answer_IsAscii()
    {
        await using var fixture = await AttesterFixture.StartAsync();

        // The two bytes of an ä.
        var line = await fixture.AskAsync("{\"command\":\"attest\",\"nonce\":\"\u00c3\u00a4\"}\n");

        Assert.Contains("\"nonce\":\"\\u00e4\"", line, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithoutNewline_IsAnsweredAtItsEnd()
    {
        await using var fixture = await AttesterFixture.StartAsync();
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.AttestationEndPoint!);

        await stream.WriteAsync("{\"command\":"u8.ToArray());
        await stream.WriteAsync("\"ping\"}"u8.ToArray());
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        var (received, _) = await EnclaveClient.ReadToEndAsync(stream, CancellationToken.None);

        Assert.Contains("pong", Encoding.ASCII.GetString(received), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unix:{0}", 0)]
    [InlineData("hybrid:{0}:9000", 9000)]
    public async Task Listen_OnASocketFile_ServesAndIsRemovedAtStop(string uri, int port)
    {
        var path = _directory.File("a.sock");
        var listen = string.Format(null, uri, path);
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions { Listen = listen });

        Assert.Equal(listen, fixture.Enclave.AttestationEndPoint);
        Assert.Equal(port, (await fixture.AskForLineAsync("{\"command\":\"status\"}\n")).GetProperty("port").GetInt32());
        Assert.True((await fixture.AskForDocumentAsync()).HasGoodSignature());
        await fixture.Enclave.StopAsync();

        Assert.False(Path.Exists(path));
    }

    [Fact]
    public async Task Fault_Cut_IsHalfAnAnswer()
    {
        await using var fixture = await StartAsync(AttestationFault.Cut);

        var received = await fixture.AskAsync("{\"command\":\"attest\"}\n");

        Assert.StartsWith("{\"success\":true,\"attestation_document\":\"", received, StringComparison.Ordinal);
        Assert.DoesNotContain('}', received);
    }

    [Fact]
    public async Task Fault_Empty_IsNothing()
    {
        await using var fixture = await StartAsync(AttestationFault.Empty);

        Assert.Equal("", await fixture.AskAsync("{\"command\":\"attest\"}\n"));
        Assert.Contains("pong", await fixture.AskAsync("{\"command\":\"ping\"}\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_TwoObjects_AreTwoLines()
    {
        await using var fixture = await StartAsync(AttestationFault.TwoObjects);

        var lines = (await fixture.AskAsync("{\"command\":\"attest\"}\n")).Split('\n');

        Assert.Equal([lines[0], lines[0], ""], lines);
        Assert.True(JsonSerializer.Deserialize<JsonElement>(lines[0]).GetProperty("success").GetBoolean());
    }

    [Fact]
    public async Task Fault_Huge_IsALineOfMoreThanTenMebibytes()
    {
        await using var fixture = await StartAsync(AttestationFault.Huge);

        var answer = await fixture.AskForLineAsync("{\"command\":\"attest\"}\n");

        Assert.Equal(10 * 1024 * 1024, answer.GetProperty("attestation_document").GetString()!.Length);
    }

    [Fact]
    public async Task Fault_Error_IsARefusal()
    {
        await using var fixture = await StartAsync(AttestationFault.Error);

        var answer = await fixture.AskForLineAsync("{\"command\":\"attest\"}\n");

        Assert.False(answer.GetProperty("success").GetBoolean());
        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
    }

    [Fact]
    public async Task Fault_NotJson_IsALineOfText()
    {
        await using var fixture = await StartAsync(AttestationFault.NotJson);

        var line = await fixture.AskAsync("{\"command\":\"attest\"}\n");

        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<JsonElement>(line));
    }

    [Fact]
    public async Task Fault_NoNewline_KeepsTheConnectionOpenUntilTheClientLeaves()
    {
        await using var fixture = await StartAsync(AttestationFault.NoNewline);
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.AttestationEndPoint!);

        await stream.WriteAsync("{\"command\":\"attest\"}\n"u8.ToArray());
        var received = new List<byte>();
        var buffer = new byte[4096];
        while (received is not [.., (byte)'}'])
            received.AddRange(buffer.AsSpan(0, await stream.ReadAsync(buffer)));
        var more = stream.ReadAsync(buffer).AsTask();
        // What is asked meanwhile does not close it either.
        Assert.Contains("pong", await fixture.AskAsync("{\"command\":\"ping\"}\n"), StringComparison.Ordinal);
        Assert.False(more.IsCompleted);
        stream.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);

        Assert.Equal(0, await more);
    }

    [Fact]
    public async Task Fault_Slow_IsAByteWithEachPause()
    {
        var clock = new ManualTimeProvider();
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions { Listen = "tcp://127.0.0.1:0" }, clock: clock);
        fixture.Attester.Fault = AttestationFault.Slow;
        fixture.Attester.SlowPause = TimeSpan.FromMilliseconds(7);
        await using var stream = await EnclaveClient.ConnectAsync(fixture.Enclave.AttestationEndPoint!);
        await stream.WriteAsync("{\"command\":\"attest\"}\n"u8.ToArray());

        var buffer = new byte[4096];
        foreach (var expected in "{\"succ")
        {
            await clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(7));
            Assert.Equal(1, await stream.ReadAsync(buffer));
            Assert.Equal(expected, (char)buffer[0]);
            clock.Advance(TimeSpan.FromMilliseconds(7));
        }
    }

    private static async Task<AttesterFixture> StartAsync(AttestationFault fault)
    {
        var fixture = await AttesterFixture.StartAsync();
        fixture.Attester.Fault = fault;
        return fixture;
    }
}
