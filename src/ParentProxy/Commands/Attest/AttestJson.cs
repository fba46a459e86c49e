using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using ParentProxy.Attestation;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Attest;

/// <summary>The same as JSON, for scripts. Its names do not change.</summary>
internal static class AttestJson
{
    private static readonly JsonWriterOptions Indented = new() { Indented = true };

    /// <summary>A verdict, whatever it is.</summary>
    public static string Of(AttestVerdict verdict)
    {
        var (result, policy) = (verdict.Result, verdict.Policy);
        return Write(json =>
        {
            json.WriteBoolean("verified", result.Verdict == AttestationVerdict.Verified);
            json.WriteString("verdict", Word(result.Verdict));
            json.WriteString("reason", (result.Failure?.Reason ?? AttestationReason.None).Code());
            json.WriteString("verification_error", Error(result));
            WriteDocument(json, "verification", result.Document);
            json.WriteBoolean("has_public_key", result.Document?.PublicKey is not null);
            WriteBoolean(json, "debug", result.Failure switch
            {
                null => result.IsDebug,
                { Reason: AttestationReason.DebugMode } => true,
                _ => null,
            });
            json.WriteString("trust", policy.Root.IsCustom ? "custom" : "aws");
            json.WriteStartArray("pinned");
            foreach (var index in policy.Pins.Indexes)
                json.WriteNumberValue(index);
            json.WriteEndArray();
            json.WriteBoolean("nonce_compared", policy.Nonce is not null);
            json.WriteString("endpoint", verdict.Endpoint?.ToString());
            json.WriteNumber("judged_at", verdict.At.ToUnixTimeMilliseconds());
        });
    }

    /// <summary>A document of which nothing was checked.</summary>
    public static string Unverified(AttestationDocument document, EnclaveEndpoint? endpoint) => Write(json =>
    {
        json.WriteBoolean("verified", false);
        json.WriteString("verdict", "unverified");
        json.WriteString("reason", AttestationReason.None.Code());
        json.WriteString("verification_error", "nothing was checked (--no-verify)");
        json.WriteNull("verification");
        WriteDocument(json, "unverified", document);
        json.WriteString("endpoint", endpoint?.ToString());
    });

    /// <summary>That there is no document to judge.</summary>
    public static string NoDocument(string reason, string error) => Write(json =>
    {
        json.WriteBoolean("verified", false);
        json.WriteString("verdict", Word(AttestationVerdict.Rejected));
        json.WriteString("reason", reason);
        json.WriteString("verification_error", error);
        json.WriteNull("verification");
    });

    /// <summary>An object with these members.</summary>
    public static string Write(Action<Utf8JsonWriter> members)
    {
        var text = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(text, Indented))
        {
            json.WriteStartObject();
            members(json);
            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(text.WrittenSpan);
    }

    private static string Word(AttestationVerdict verdict) => verdict switch
    {
        AttestationVerdict.Verified => "verified",
        AttestationVerdict.Unpinned => "unpinned",
        _ => "rejected",
    };

    private static string? Error(AttestationResult result) => result.Verdict switch
    {
        AttestationVerdict.Verified => null,
        AttestationVerdict.Unpinned when result.IsDebug => "the enclave runs in debug mode, in which nothing tells which image it runs",
        AttestationVerdict.Unpinned => "no PCR is pinned, so that it may be of any image",
        _ => result.Failure!.Message,
    };

    private static void WriteDocument(Utf8JsonWriter json, string name, AttestationDocument? document)
    {
        if (document is null)
        {
            json.WriteNull(name);
            return;
        }

        json.WriteStartObject(name);
        json.WriteString("module_id", document.ModuleId);
        json.WriteNumber("timestamp", document.Timestamp.ToUnixTimeMilliseconds());
        json.WriteStartObject("pcrs");
        foreach (var (index, value) in document.Pcrs.OrderBy(pcr => pcr.Key))
            json.WriteString(index.ToString(CultureInfo.InvariantCulture), Convert.ToHexStringLower(value.Span));
        json.WriteEndObject();
        json.WriteString("public_key", document.PublicKey is { } key ? Convert.ToBase64String(key.Span) : null);
        WriteBytes(json, "user_data", document.UserData);
        WriteBytes(json, "nonce", document.Nonce);
        json.WriteBoolean("debug", document.IsDebug);
        json.WriteEndObject();
    }

    /// <summary>As text where it is text, and always as hex digits.</summary>
    private static void WriteBytes(Utf8JsonWriter json, string name, ReadOnlyMemory<byte>? value)
    {
        json.WriteString(name, value is { } bytes && Utf8.IsValid(bytes.Span) ? Encoding.UTF8.GetString(bytes.Span) : null);
        json.WriteString($"{name}_hex", value is { } raw ? Convert.ToHexStringLower(raw.Span) : null);
    }

    private static void WriteBoolean(Utf8JsonWriter json, string name, bool? value)
    {
        if (value is { } known)
            json.WriteBoolean(name, known);
        else
            json.WriteNull(name);
    }
}
