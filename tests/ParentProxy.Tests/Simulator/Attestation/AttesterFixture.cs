using System.Text;
using System.Text.Json;
using ParentProxy.Simulator;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Tests.Simulator.Attestation;

/// <summary>An enclave that attests, and both ways to ask it.</summary>
internal sealed class AttesterFixture : IAsyncDisposable
{
    private readonly EnclaveFixture _fixture;

    private AttesterFixture(EnclaveFixture fixture) => _fixture = fixture;

    public SimulatedEnclave Enclave => _fixture.Enclave;

    public SimulatedAttester Attester => _fixture.Enclave.Attester!;

    public HttpClient Http => _fixture.Http;

    public static Task<AttesterFixture> StartAsync() => StartAsync(new AttesterOptions { Listen = "tcp://127.0.0.1:0" });

    public static async Task<AttesterFixture> StartAsync(AttesterOptions attestation, bool http2 = false, TimeProvider? clock = null) =>
        new(await EnclaveFixture.StartAsync(new SimulatorOptions
        {
            Listen = "tcp://127.0.0.1:0",
            Http2 = http2,
            Attestation = attestation,
            TimeProvider = clock ?? TimeProvider.System,
        }));

    /// <summary>Sends a request of the one-line protocol and reads to the end of the connection.</summary>
    public async Task<string> AskAsync(string request)
    {
        var (received, reset) = await EnclaveClient.ExchangeAsync(Enclave.AttestationEndPoint!, request);
        Assert.False(reset);
        return Encoding.ASCII.GetString(received);
    }

    /// <summary>Asks for an answer that is one line of JSON.</summary>
    public async Task<JsonElement> AskForLineAsync(string request)
    {
        var line = await AskAsync(request);
        Assert.EndsWith("\n", line, StringComparison.Ordinal);
        return JsonSerializer.Deserialize<JsonElement>(line);
    }

    public async Task<DecodedDocument> AskForDocumentAsync(string nonce = "n") =>
        Decode(await AskForLineAsync($$"""{"command":"attest","nonce":"{{nonce}}"}""" + "\n"), "attestation_document");

    public async Task<JsonElement> GetAsync(string path)
    {
        using var response = await Http.GetAsync(path);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync());
        return JsonSerializer.Deserialize<JsonElement>(await response.Content.ReadAsStringAsync());
    }

    public async Task<DecodedDocument> GetDocumentAsync(string nonce = "n") =>
        Decode(await GetAsync($"/attestation?nonce={nonce}"), "attestation");

    public async ValueTask DisposeAsync() => await _fixture.DisposeAsync();

    private static DecodedDocument Decode(JsonElement answer, string name) =>
        DecodedDocument.Read(answer.GetProperty(name).GetBytesFromBase64());
}
