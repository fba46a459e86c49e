using System.Buffers;
using System.Text.Json;
using ParentProxy.Attestation;

namespace ParentProxy.Trust.Clients;

/// <summary>
/// Speaks JSON lines: one object and a newline each way, then the connection is over. Commands are <c>attest</c>, <c>ping</c> and
/// <c>status</c>. Such servers listen at vsock port 9000.
/// </summary>
/// <param name="peer">Whom it asks.</param>
internal sealed class JsonLinesClient(AttestationPeer peer) : IAttestationClient
{
    private const string Document = "attestation_document";

    /// <inheritdoc/>
    public async Task<byte[]> RequestAsync(AttestationRequest request, CancellationToken cancellationToken)
    {
        const string what = "attest (JSON lines)";
        using var answer = await AskAsync(what, Line("attest", request), cancellationToken);
        var text = JsonAnswer.Text(answer.RootElement, Document)
            ?? throw Nonsense(what, $"answered success without {Document} as text");
        return AttestationDocument.TryDecode(text, out var document, out var failure)
            ? document
            : throw Nonsense(what, $"answered with an {Document} that is none: {failure.Message}");
    }

    /// <summary>Whether somebody is there.</summary>
    /// <exception cref="AttestationRequestException">Nobody is.</exception>
    public async Task PingAsync(CancellationToken cancellationToken) =>
        (await AskAsync("ping (JSON lines)", Line("ping"), cancellationToken)).Dispose();

    /// <summary>What the server says of itself.</summary>
    /// <returns>Its whole answer; the caller disposes of it.</returns>
    /// <exception cref="AttestationRequestException">It says nothing.</exception>
    public Task<JsonDocument> StatusAsync(CancellationToken cancellationToken) =>
        AskAsync("status (JSON lines)", Line("status"), cancellationToken);

    /// <summary>The line of a command.</summary>
    private static ReadOnlyMemory<byte> Line(string command, AttestationRequest? request = null)
    {
        var line = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(line))
        {
            json.WriteStartObject();
            json.WriteString("command", command);
            if (request is not null)
            {
                // Where it is missing, servers put text of their own there.
                json.WriteString("user_data", request.UserData);
                json.WriteString("nonce", request.Nonce);
                json.WriteBoolean("generate_key", request.GenerateKey);
            }

            json.WriteEndObject();
        }

        line.Write("\n"u8);
        return line.WrittenMemory;
    }

    private Task<JsonDocument> AskAsync(string what, ReadOnlyMemory<byte> line, CancellationToken cancellationToken) =>
        peer.AskAsync(
            what,
            async token =>
            {
                ReadOnlyMemory<byte> answer;
                await using (var stream = await peer.DialAsync(token))
                {
                    // Our direction stays open: there are servers that take its end for the client's.
                    await stream.WriteAsync(line, token);
                    answer = await new JsonLineReader(stream).ReadAsync(AttestationPeer.MaxAnswerBytes, token);
                }

                return Read(what, answer);
            },
            cancellationToken);

    private JsonDocument Read(string what, ReadOnlyMemory<byte> bytes)
    {
        if (bytes.Length > AttestationPeer.MaxAnswerBytes)
        {
            throw peer.Failed(
                what,
                AttestationRequestException.TooLarge,
                $"answered with more than {AttestationPeer.MaxAnswerBytes / 1024} KiB",
                "Does what answers there speak this protocol?");
        }

        if (!bytes.Span.ContainsAnyExcept(" \t\r\n"u8))
        {
            throw peer.Failed(
                what,
                AttestationRequestException.Protocol,
                "was answered by closing the connection",
                "Look at the log of the server in the enclave: it may have failed to reach its security module (/dev/nsm).");
        }

        var json = JsonAnswer.Read(bytes, out var mistake) ?? throw Nonsense(what, $"answered with {mistake}");
        if (json.RootElement.TryGetProperty("success", out var success) && success.ValueKind == JsonValueKind.True)
            return json;
        using (json)
        {
            var error = JsonAnswer.Words(json.RootElement, "error");
            throw error is null && success.ValueKind != JsonValueKind.False
                ? Nonsense(what, "answered with an object that has no success")
                : peer.Failed(
                    what,
                    AttestationRequestException.Refused,
                    $"was refused{(error is null ? " without a reason" : $": {error.TrimEnd('.')}")}",
                    "The words are the enclave's; look at its log.");
        }
    }

    private AttestationRequestException Nonsense(string what, string happened) => peer.Failed(
        what,
        AttestationRequestException.Protocol,
        happened,
        "Does what answers there speak this protocol? A server of HTTP is asked in another way.");
}
