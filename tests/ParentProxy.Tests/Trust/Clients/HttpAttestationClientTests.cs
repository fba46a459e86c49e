using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Tests.Trust.Clients;

/// <summary>Attestation over HTTP, against applications that do as they like.</summary>
public sealed class HttpAttestationClientTests
{
    private const string Good = """{"platform":"AWS Nitro Enclaves","nonce":"another","attestation":"AQID"}""";
    private static readonly byte[] Document = [1, 2, 3];

    [Theory]
    [InlineData("/attestation", "/attestation?nonce=n0nce")]
    [InlineData("/a?deep=1", "/a?deep=1&nonce=n0nce")]
    [InlineData("/a/{nonce}/raw", "/a/n0nce/raw")]
    [InlineData("/a?challenge={nonce}", "/a?challenge=n0nce")]
    public async Task Request_Nonce_GoesWhereItBelongs(string path, string asked)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok(Good));

        Assert.Equal(Document, await RequestAsync(enclave, new HttpAttestationOptions { Path = path, Host = "app.internal" }));

        var request = Assert.Single(enclave.Requests);
        Assert.Equal($"GET {asked} HTTP/1.1", request.StartLine);
        Assert.Equal("app.internal", request.Field("Host"));
        Assert.Equal("parent-proxy-attestation", request.Field("User-Agent"));
    }

    [Fact]
    public void PathWith_NonceOfAnyText_IsEscaped() =>
        Assert.Equal("/attestation?nonce=a%26b%20%C3%BC", new HttpAttestationOptions().PathWith("a&b ü"));

    [Theory]
    [InlineData("/attestation", Good)]
    [InlineData("/data/documents/1/doc", """{"data":{"documents":[{},{"doc":"AQID"}]}}""")]
    [InlineData("/a~1b/~0", """{"a/b":{"~":"AQID"}}""")]
    [InlineData("/attestation", """{"attestation":"AQID","error":null}""")]
    [InlineData("/attestation", """{"attestation":"AQID","error":""}""")]
    public async Task Request_Document_IsAtThePointer(string place, string body)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok(body));

        Assert.Equal(Document, await RequestAsync(enclave, Pointing(place)));
    }

    [Fact]
    public async Task Request_Chunked_IsTheDocument()
    {
        await using var enclave = ScriptedEnclave.Answering(
            $"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{Good[0]}\r\n{Good.Length - 1:x}\r\n{Good[1..]}\r\n0\r\n\r\n");

        Assert.Equal(Document, await RequestAsync(enclave));
    }

    [Fact]
    public async Task Request_OverUnixSocket_IsTheDocument()
    {
        using var folder = new TemporaryDirectory();
        await using var enclave = ScriptedEnclave.Answering(Ok(Good), new UnixDomainSocketEndPoint(folder.File("a.sock")));

        Assert.Equal(Document, await RequestAsync(enclave));
    }

    [Theory]
    [InlineData("200 OK", """{"error":"NSM device\u001b[2J not found."}""", "refused", "answered 200, but with an error: NSM device [2J not found.")]
    [InlineData("200 OK", """{"attestation":"AQID","error":"stale"}""", "refused", "answered 200, but with an error: stale.")]
    [InlineData("200 OK", """{"document":"AQID"}""", "protocol", "answered 200 without a text at /attestation")]
    [InlineData("200 OK", """{"attestation":["AQID"]}""", "protocol", "answered 200 without a text at /attestation")]
    [InlineData("200 OK", """{"attestation":"\udc00"}""", "protocol", "answered 200 without a text at /attestation")]
    [InlineData("200 OK", """{"attestation":"A!"}""", "protocol", "what is at /attestation is no document: the text is not base64")]
    [InlineData("200 OK", "<html>", "protocol", "answered 200 with what is not JSON")]
    [InlineData("200 OK", "", "protocol", "answered 200 with what is not JSON")]
    [InlineData("200 OK", Good + Good, "protocol", "a JSON value and something behind it")]
    [InlineData("500 Oh", """{"format":"Error","error":"nonce too long"}""", "status", "answered 500: nonce too long.")]
    [InlineData("503 Oh", """{"detail":"The application has ended."}""", "status", "answered 503: The application has ended.")]
    [InlineData("404 Oh", "<html>", "status", "answered 404. Is this the path")]
    [InlineData("302 Oh", "", "status", "answered 302. Is this the path")]
    [InlineData("201 Created", Good, "status", "answered 201. Is this the path")]
    public async Task Request_AnotherAnswer_IsRefusedWithItsReason(string status, string body, string code, string said)
    {
        await using var enclave = ScriptedEnclave.Answering(Ok(body, status));

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal(code, failure.Code);
        Assert.StartsWith($"GET /attestation on {enclave.EndPoint} ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(failure.Message, char.IsControl);
    }

    [Fact]
    public async Task Request_PlainTextOfAFailure_IsShownSafely()
    {
        await using var enclave = ScriptedEnclave.Answering(
            "HTTP/1.1 500 Oh\r\nContent-Type: text/plain\r\nContent-Length: 12\r\n\r\nno\x1b[31m nsm\n");

        Assert.Contains("answered 500: no [31m nsm.", (await TestPeer.FailureAsync(Client(enclave))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Content-Length: 10485760\r\n")]
    [InlineData("")]
    public async Task Request_BodyOfTenMebibytes_IsLeftUnread(string framing)
    {
        var sent = 0;
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync($"HTTP/1.1 200 OK\r\n{framing}\r\n");
            for (; sent < 160; sent++)
                await connection.SendAsync(new string(' ', 64 * 1024));
        });

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal("too-large", failure.Code);
        Assert.Contains("256 KiB", failure.Message, StringComparison.Ordinal);
        Assert.True(sent < 160, "all of it was read");
    }

    [Theory]
    [InlineData("", "was answered by closing the connection")]
    [InlineData("220 smtp\r\n", "was answered by something that is not HTTP/1.1")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{", "was answered by closing the connection")]
    public async Task Request_NoWholeResponse_IsProtocol(string answer, string said)
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(answer);
        });

        var failure = await TestPeer.FailureAsync(Client(enclave));

        Assert.Equal("protocol", failure.Code);
        Assert.Contains(said, failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_NobodyListens_NamesErrno()
    {
        using var port = new ClosedPort();

        var failure = await TestPeer.FailureAsync(new HttpAttestationClient(TestPeer.At(port.EndPoint), new HttpAttestationOptions()));

        Assert.Equal("ECONNREFUSED", failure.Code);
        Assert.StartsWith($"GET /attestation failed dialling {port.EndPoint}: ECONNREFUSED", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_Reset_NamesErrno()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            connection.Reset();
        });

        Assert.Equal("ECONNRESET", (await TestPeer.FailureAsync(Client(enclave))).Code);
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n{")]
    public async Task Request_NoWholeResponseInTime_IsTimeout(string begun)
    {
        var clock = new ManualTimeProvider();
        var asked = new TaskCompletionSource();
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.ReadHeadAsync();
            await connection.SendAsync(begun);
            asked.SetResult();
            await connection.HasBytesAsync();
        });
        var timeout = TimeSpan.FromSeconds(5);
        var request = TestPeer.FailureAsync(
            new HttpAttestationClient(TestPeer.At(enclave.EndPoint, clock, timeout), new HttpAttestationOptions()));
        await asked.Task;

        clock.Advance(timeout);

        var failure = await request;
        Assert.Equal("timeout", failure.Code);
        Assert.Contains("had no whole answer within 5 s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OverHttp2_IsTheDocument()
    {
        await using var enclave = await TestEnclave.StartAsync("tcp", http2: true);

        // The simulated application echoes what it is asked, which is no document: that it answers shows the protocol.
        var failure = await TestPeer.FailureAsync(new HttpAttestationClient(
            TestPeer.At(enclave.EndPoint),
            new HttpAttestationOptions { Path = "/health", HttpVersion = System.Net.HttpVersion.Version20 }));

        Assert.Contains("answered 200", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_OverTlsToWhoSpeaksNone_IsProtocol()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.HasBytesAsync();
            await connection.SendAsync("HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n");
            await connection.ReadToEndAsync();
        });

        var failure = await TestPeer.FailureAsync(Client(enclave, new HttpAttestationOptions { IsTls = true }));

        Assert.Equal("protocol", failure.Code);
        Assert.StartsWith($"GET /attestation on {enclave.EndPoint} failed: ", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Request_WithWhatHttpCannotCarry_IsNotSent()
    {
        await using var enclave = ScriptedEnclave.Answering(Ok(Good));

        await Assert.ThrowsAsync<NotSupportedException>(
            () => Client(enclave).RequestAsync(new AttestationRequest { Nonce = "n", GenerateKey = true }, CancellationToken.None));
    }

    private static string Ok(string body, string status = "200 OK") => $"HTTP/1.1 {status}\r\nContent-Length: {body.Length}\r\n\r\n{body}";

    private static HttpAttestationOptions Pointing(string place) => new() { Pointer = JsonPointer.Parse(place).Value };

    private static HttpAttestationClient Client(ScriptedEnclave enclave, HttpAttestationOptions? options = null) =>
        new(TestPeer.At(enclave.EndPoint), options ?? new HttpAttestationOptions());

    private static Task<byte[]> RequestAsync(ScriptedEnclave enclave, HttpAttestationOptions? options = null) =>
        Client(enclave, options).RequestAsync(TestPeer.Request, CancellationToken.None);
}
