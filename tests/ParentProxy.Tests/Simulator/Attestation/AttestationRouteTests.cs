using System.Net;
using System.Text;
using System.Text.Json;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Tests.Simulator.Attestation;

public sealed class AttestationRouteTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Attestation_InsideAnEnclave_IsADocumentAndMetadata(bool http2)
    {
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions(), http2);

        var answer = await fixture.GetAsync("/attestation?nonce=n%C3%A4h%20%2B");
        var document = DecodedDocument.Read(answer.GetProperty("attestation").GetBytesFromBase64());

        Assert.Null(fixture.Enclave.AttestationEndPoint);
        Assert.Equal(
            ["platform", "format", "nonce", "attestation", "metadata"], answer.EnumerateObject().Select(property => property.Name));
        Assert.Equal("AWS Nitro Enclaves", answer.GetProperty("platform").GetString());
        Assert.Equal("CBOR/COSE_Sign1", answer.GetProperty("format").GetString());
        Assert.Equal("näh +", answer.GetProperty("nonce").GetString());
        Assert.Equal("näh +", Encoding.UTF8.GetString(document.Nonce!));
        Assert.Null(document.UserData);
        Assert.True(document.HasGoodSignature());
        var metadata = answer.GetProperty("metadata");
        Assert.Equal(document.Bytes.Length, metadata.GetProperty("document_size_bytes").GetInt32());
        Assert.Equal(document.ModuleId, metadata.GetProperty("module_id").GetString());
        Assert.Equal("SHA384", metadata.GetProperty("digest").GetString());
        Assert.Equal(document.Timestamp.ToUnixTimeMilliseconds(), metadata.GetProperty("timestamp").GetDouble());
        Assert.Equal(document.Pcrs[0], metadata.GetProperty("pcrs").GetProperty("0").GetString());
        Assert.Equal(5, metadata.GetProperty("certificate_chain").GetArrayLength());
        Assert.Equal(document.Certificate, metadata.GetProperty("certificate_chain")[0].GetBytesFromBase64());
    }

    [Fact]
    public async Task Attestation_OfADebugEnclave_ClaimsBesideTheDocumentThatItIsNone()
    {
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions { DebugImage = true });

        var metadata = (await fixture.GetAsync("/attestation?nonce=n")).GetProperty("metadata");

        Assert.False(metadata.GetProperty("debug_mode").GetBoolean());
        Assert.True(metadata.GetProperty("secure_boot").GetBoolean());
        Assert.True(metadata.GetProperty("memory_encryption").GetBoolean());
        Assert.Equal(new string('0', 96), (await fixture.GetDocumentAsync()).Pcrs[0]);
    }

    [Fact]
    public async Task Attestation_WithoutANonce_HasNone()
    {
        await using var fixture = await AttesterFixture.StartAsync();

        var answer = await fixture.GetAsync("/attestation");

        Assert.False(answer.TryGetProperty("nonce", out _));
        Assert.Null(DecodedDocument.Read(answer.GetProperty("attestation").GetBytesFromBase64()).Nonce);
    }

    [Theory]
    [InlineData(512, HttpStatusCode.OK)]
    [InlineData(513, HttpStatusCode.InternalServerError)]
    public async Task Attestation_LongNonce_IsTakenToTheLimit(int length, HttpStatusCode status)
    {
        await using var fixture = await AttesterFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/attestation?nonce=" + new string('n', length));
        var answer = JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());

        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.OK, answer.TryGetProperty("attestation", out _));
        Assert.Equal(status == HttpStatusCode.OK ? "CBOR/COSE_Sign1" : "Error", answer.GetProperty("format").GetString());
    }

    [Fact]
    public async Task Fault_OfADocument_IsInItAndTheMetadataDenyIt()
    {
        await using var fixture = await StartAsync(AttestationFault.OtherImage);

        var answer = await fixture.GetAsync("/attestation?nonce=n");
        var document = DecodedDocument.Read(answer.GetProperty("attestation").GetBytesFromBase64());

        Assert.NotEqual(fixture.Attester.Pcrs[0], document.Pcrs[0]);
        Assert.Equal(fixture.Attester.Pcrs[0], answer.GetProperty("metadata").GetProperty("pcrs").GetProperty("0").GetString());
    }

    [Fact]
    public async Task Fault_Error_Is200WithAnErrorAndNoDocument()
    {
        await using var fixture = await StartAsync(AttestationFault.Error);

        var answer = await fixture.GetAsync("/attestation?nonce=n");

        Assert.NotEmpty(answer.GetProperty("error").GetString()!);
        Assert.False(answer.TryGetProperty("attestation", out _));
    }

    [Theory]
    [InlineData(AttestationFault.Cut, false)]
    [InlineData(AttestationFault.Cut, true)]
    [InlineData(AttestationFault.Empty, false)]
    [InlineData(AttestationFault.Empty, true)]
    public async Task Fault_CutOrEmpty_EndsTheAnswer(AttestationFault fault, bool http2)
    {
        await using var fixture = await StartAsync(fault, http2);

        await Assert.ThrowsAsync<HttpRequestException>(() => fixture.Http.GetStringAsync("/attestation?nonce=n"));

        fixture.Attester.Fault = AttestationFault.None;
        Assert.True((await fixture.GetDocumentAsync()).HasGoodSignature());
    }

    [Theory]
    [InlineData(AttestationFault.Cut, "HTTP/1.1 200 OK\r\n")]
    [InlineData(AttestationFault.Empty, "")]
    public async Task Fault_CutOrEmpty_IsAnEndInOrder(AttestationFault fault, string begin)
    {
        await using var fixture = await StartAsync(fault);

        var (received, reset) = await EnclaveClient.ExchangeAsync(
            fixture.Enclave.EndPoint, "GET /attestation?nonce=n HTTP/1.1\r\nHost: e\r\n\r\n");

        Assert.False(reset);
        var text = Encoding.Latin1.GetString(received);
        Assert.Equal(begin, text[..Math.Min(begin.Length, text.Length)]);
        Assert.Equal(begin.Length == 0, text.Length == 0);
        Assert.DoesNotContain("memory_encryption", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_TwoObjects_IsNoJson()
    {
        await using var fixture = await StartAsync(AttestationFault.TwoObjects);

        var body = await fixture.Http.GetStringAsync("/attestation?nonce=n");

        Assert.Equal(body[..(body.Length / 2)], body[(body.Length / 2)..]);
        Assert.Throws<JsonException>(() => JsonSerializer.Deserialize<JsonElement>(body));
    }

    [Fact]
    public async Task Fault_Huge_IsTenMebibytes()
    {
        await using var fixture = await StartAsync(AttestationFault.Huge);

        var answer = await fixture.GetAsync("/attestation?nonce=n");

        Assert.Equal(10 * 1024 * 1024, answer.GetProperty("attestation").GetString()!.Length);
    }

    [Fact]
    public async Task Fault_NotJson_Is200WithMarkup()
    {
        await using var fixture = await StartAsync(AttestationFault.NotJson);

        using var response = await fixture.Http.GetAsync("/attestation?nonce=n");

        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.StartsWith("<html>", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fault_NoNewline_ChangesNothingOverHttp()
    {
        await using var fixture = await StartAsync(AttestationFault.NoNewline);

        Assert.True((await fixture.GetDocumentAsync()).HasGoodSignature());
    }

    [Fact]
    public async Task Fault_Slow_IsAByteWithEachPause()
    {
        var clock = new ManualTimeProvider();
        await using var fixture = await AttesterFixture.StartAsync(new AttesterOptions(), clock: clock);
        (await fixture.Http.GetAsync("/control/attestation?fault=slow&ms=7")).Dispose();

        using var response = await fixture.Http.GetAsync("/attestation?nonce=n", HttpCompletionOption.ResponseHeadersRead);
        await using var body = await response.Content.ReadAsStreamAsync();
        var buffer = new byte[4096];
        foreach (var expected in "{\"plat")
        {
            await clock.WaitForTimerAsync(TimeSpan.FromMilliseconds(7));
            Assert.Equal(1, await body.ReadAsync(buffer));
            Assert.Equal(expected, (char)buffer[0]);
            clock.Advance(TimeSpan.FromMilliseconds(7));
        }
    }

    [Fact]
    public async Task Control_ChangesEverythingAndShowsIt()
    {
        await using var fixture = await AttesterFixture.StartAsync();
        await fixture.GetDocumentAsync();

        var answer = await fixture.GetAsync("/control/attestation?image=blue&debug=true&fault=wrong-nonce&ms=5");

        Assert.Equal(("blue", true, AttestationFault.WrongNonce), (fixture.Attester.Image, fixture.Attester.Debug, fixture.Attester.Fault));
        Assert.Equal(TimeSpan.FromMilliseconds(5), fixture.Attester.SlowPause);
        Assert.Equal(fixture.Attester.ModuleId, answer.GetProperty("moduleId").GetString());
        Assert.Equal("blue", answer.GetProperty("image").GetString());
        Assert.True(answer.GetProperty("debug").GetBoolean());
        Assert.Equal("wrong-nonce", answer.GetProperty("fault").GetString());
        Assert.Equal(5, answer.GetProperty("slowMs").GetDouble());
        Assert.Equal(1, answer.GetProperty("documents").GetInt64());
        Assert.Equal(fixture.Attester.Pki.RootSha256, answer.GetProperty("rootSha256").GetString());
        Assert.Equal(fixture.Attester.Pcrs[4], answer.GetProperty("pcrs").GetProperty("4").GetString());
        // Without parameters it only shows.
        Assert.Equal(answer.GetRawText(), (await fixture.GetAsync("/control/attestation")).GetRawText());
    }

    [Theory]
    [InlineData("fault=nonsense&image=blue", "wrong-nonce")]
    [InlineData("image=", "characters")]
    [InlineData("debug=perhaps&image=blue", "true or false")]
    [InlineData("ms=-1&image=blue", "0 to")]
    public async Task Control_WrongValue_Is400AndChangesNothing(string query, string expected)
    {
        await using var fixture = await AttesterFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/control/attestation?" + query);

        Assert.Equal(HttpStatusCode.BadRequest, response.StatusCode);
        Assert.Contains(expected, await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("simulated-image", fixture.Attester.Image);
    }

    [Fact]
    public async Task Control_WithoutAnAttester_Is404AndSaysWhatToDo()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        using var response = await fixture.Http.GetAsync("/control/attestation?debug=true");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("--attestation", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Null(fixture.Enclave.Attester);
    }

    [Fact]
    public async Task Faults_AllHaveTheirNames()
    {
        await using var fixture = await AttesterFixture.StartAsync();
        string[] names =
        [
            "none", "stale", "wrong-nonce", "no-nonce", "replay", "other-image", "debug", "expired-leaf", "bad-signature", "other-root",
            "nitrotpm", "cut", "slow", "no-newline", "empty", "two-objects", "huge", "error", "not-json",
        ];

        var set = new List<AttestationFault>();
        foreach (var name in names)
        {
            await fixture.GetAsync($"/control/attestation?fault={name}");
            set.Add(fixture.Attester.Fault);
        }

        Assert.Equal(Enum.GetValues<AttestationFault>(), set);
    }

    private static async Task<AttesterFixture> StartAsync(AttestationFault fault, bool http2 = false)
    {
        var fixture = await AttesterFixture.StartAsync(new AttesterOptions(), http2);
        fixture.Attester.Fault = fault;
        return fixture;
    }
}
