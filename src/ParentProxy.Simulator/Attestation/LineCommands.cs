using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// What the server of the one-line protocol answers: <c>ping</c>, <c>status</c>, <c>attest</c>. It takes what Python would take, and
/// reports the time of day as its uptime, as the one that is in use does.
/// </summary>
internal sealed class LineCommands(SimulatedAttester attester, TimeProvider timeProvider)
{
    private const string DefaultUserData = "hello-from-enclave";
    private static readonly string[] Names = ["ping", "attest", "status"];

    /// <summary>Answers one request, without the newline.</summary>
    /// <param name="request">All that was received.</param>
    /// <param name="port">The port that <c>status</c> reports.</param>
    /// <param name="fault">What <c>attest</c> does wrong.</param>
    /// <param name="isDocument">Whether this is the answer of <c>attest</c>, which alone has faults.</param>
    public byte[] Answer(ReadOnlyMemory<byte> request, int port, AttestationFault fault, out bool isDocument)
    {
        isDocument = false;
        try
        {
            using var json = JsonDocument.Parse(request);
            if (json.RootElement.ValueKind != JsonValueKind.Object)
                return Refuse($"Server error: {json.RootElement.ValueKind} object has no attribute 'get'");
            var command = json.RootElement.TryGetProperty("command", out var value) ? value : default;
            switch (command.ValueKind == JsonValueKind.String ? command.GetString() : null)
            {
                case "ping":
                    return LineAnswers.ToLine(
                        new PongAnswer("pong", timeProvider.GetUtcNow().ToUnixTimeSeconds()), LineAnswers.Json.PongAnswer);
                case "status":
                    return LineAnswers.ToLine(
                        new RunningAnswer("running", port, timeProvider.GetUtcNow().ToUnixTimeMilliseconds() / 1000.0),
                        LineAnswers.Json.RunningAnswer);
                case "attest":
                    isDocument = true;
                    return Attest(json.RootElement, fault);
                default:
                    return LineAnswers.ToLine(new RefusedAnswer($"Unknown command: {command}", Names), LineAnswers.Json.RefusedAnswer);
            }
        }
        catch (JsonException e)
        {
            return Refuse($"Invalid JSON request: {e.Message}");
        }
        // Half of a surrogate pair, or bytes that are no UTF-8, or a value that is no string or too long.
        catch (Exception e) when (e is InvalidOperationException or ArgumentException)
        {
            return Refuse($"Failed to process request: {e.Message}");
        }
    }

    private byte[] Attest(JsonElement request, AttestationFault fault)
    {
        var userData = request.TryGetProperty("user_data", out var value) ? value.GetString() : DefaultUserData;
        var nonce = request.TryGetProperty("nonce", out value) ? value.GetString() : null;
        var hasKey = request.TryGetProperty("generate_key", out value) && IsTrue(value);
        if (fault == AttestationFault.Error)
            return Refuse("Failed to process request: the security module does not answer");

        var made = attester.Attest(new AttestationRequest(ToBytes(nonce), ToBytes(userData), hasKey ? NewPublicKey() : null), fault);
        return LineAnswers.ToLine(
            new DocumentAnswer(
                made.ToBase64(fault),
                // Empty strings are attested, but come back as null: Python counts them as nothing.
                userData is "" ? null : userData,
                nonce is "" ? null : nonce,
                hasKey,
                made.Document.Length,
                timeProvider.GetUtcNow().ToUnixTimeMilliseconds()),
            LineAnswers.Json.DocumentAnswer);
    }

    private static byte[] Refuse(string error) => LineAnswers.ToLine(new RefusedAnswer(error), LineAnswers.Json.RefusedAnswer);

    private static byte[]? ToBytes(string? text) => text is null ? null : Encoding.UTF8.GetBytes(text);

    private static bool IsTrue(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.True => true,
        JsonValueKind.Number => value.GetDouble() != 0,
        JsonValueKind.String => value.GetString() is not "",
        JsonValueKind.Array => value.GetArrayLength() > 0,
        JsonValueKind.Object => value.GetPropertyCount() > 0,
        _ => false,
    };

    // The private half is thrown away, as the real server does.
    private static byte[] NewPublicKey()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        return key.ExportSubjectPublicKeyInfo();
    }
}
