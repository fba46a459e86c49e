using System.Diagnostics.CodeAnalysis;
using System.Formats.Cbor;
using ParentProxy.Attestation.Reading;

namespace ParentProxy.Attestation;

/// <summary>
/// What an attestation document says, as the security module of an enclave writes it (COSE_Sign1 around a CBOR map). That alone
/// proves nothing: <see cref="AttestationVerifier"/> tells whether it is true.
/// </summary>
public sealed record AttestationDocument
{
    /// <summary>The largest document that is looked at, in bytes. Real ones have 4 to 8 KiB.</summary>
    public const int MaxBytes = 32 * 1024;

    /// <summary>The longest base64 text that is looked at, in characters.</summary>
    public const int MaxTextLength = 64 * 1024;

    internal AttestationDocument()
    {
    }

    /// <summary>The enclave that it is of: <c>i-…-enc…</c>, visible ASCII characters.</summary>
    public required string ModuleId { get; init; }

    /// <summary>When it was made, by the clock of the security module; to the millisecond.</summary>
    public required DateTimeOffset Timestamp { get; init; }

    /// <summary>The measurements, by index 0 to 31: 48 bytes each, of those that are locked.</summary>
    public required IReadOnlyDictionary<int, ReadOnlyMemory<byte>> Pcrs { get; init; }

    /// <summary>The certificate whose key signed it, in DER.</summary>
    public required ReadOnlyMemory<byte> Certificate { get; init; }

    /// <summary>The certificates above it, in DER, the root first.</summary>
    public required IReadOnlyList<ReadOnlyMemory<byte>> CaBundle { get; init; }

    /// <summary>The public key that the application had put in, at most 1024 bytes; null for none.</summary>
    public ReadOnlyMemory<byte>? PublicKey { get; init; }

    /// <summary>What the application had put in, at most 1024 bytes; null for nothing.</summary>
    public ReadOnlyMemory<byte>? UserData { get; init; }

    /// <summary>The nonce that the application had put in, at most 1024 bytes; null for none.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>
    /// Whether the enclave runs in debug mode: PCR0, PCR1 and PCR2 are zero, or PCR0 alone, which no image measures to. Other PCRs
    /// are set in debug mode, too.
    /// </summary>
    public bool IsDebug => IsZero(0);

    /// <summary>Reads a document, as strictly as <see cref="AttestationVerifier"/> does; believes nothing of it.</summary>
    /// <param name="bytes">COSE_Sign1, untagged or with tag 18.</param>
    /// <param name="document">What it says.</param>
    /// <param name="failure">Why it cannot be read.</param>
    /// <remarks>Bad bytes are never an exception. The document refers to the bytes: they are not to be written to any more.</remarks>
    public static bool TryRead(
        ReadOnlyMemory<byte> bytes,
        [NotNullWhen(true)] out AttestationDocument? document,
        [NotNullWhen(false)] out AttestationFailure? failure)
    {
        document = null;
        failure = null;
        try
        {
            if (bytes.Length is 0 or > MaxBytes)
            {
                throw new AttestationException(
                    AttestationReason.DocumentSize, $"the document has {bytes.Length} bytes, not 1 to {MaxBytes}");
            }

            document = PayloadReader.Read(CoseEnvelope.ReadPayload(bytes));
            return true;
        }
        catch (AttestationException ex)
        {
            failure = ex.Failure;
        }
        catch (CborContentException ex)
        {
            failure = new(AttestationReason.MalformedCbor, $"the document is not well-formed CBOR: {ex.Message.TrimEnd('.')}");
        }
        catch (Exception ex) when (ex is InvalidOperationException or OverflowException)
        {
            // How the library says that a string comes in pieces, or that a number is beyond 64 bit.
            failure = new(
                AttestationReason.FieldType, $"a part of the document has another form than it may have: {ex.Message.TrimEnd('.')}");
        }

        return false;
    }

    /// <summary>Decodes the text form of a document: base64 in the standard alphabet, with padding; line breaks are skipped.</summary>
    /// <param name="text">The text.</param>
    /// <param name="bytes">What it stands for.</param>
    /// <param name="failure">Why it is not base64.</param>
    public static bool TryDecode(
        ReadOnlySpan<char> text,
        [NotNullWhen(true)] out byte[]? bytes,
        [NotNullWhen(false)] out AttestationFailure? failure)
    {
        bytes = null;
        failure = null;
        if (text.Length is 0 or > MaxTextLength)
        {
            failure = new(AttestationReason.DocumentSize, $"the text has {text.Length} characters; 1 to {MaxTextLength} are a document");
            return false;
        }

        var buffer = new byte[text.Length / 4 * 3 + 3];
        if (!Convert.TryFromBase64Chars(text, buffer, out var length))
        {
            failure = new(AttestationReason.Base64, "the text is not base64 (standard alphabet, with padding)");
            return false;
        }

        bytes = buffer[..length];
        return true;
    }

    /// <summary>Whether there is such a PCR and all its bytes are zero.</summary>
    internal bool IsZero(int index) => Pcrs.TryGetValue(index, out var value) && !value.Span.ContainsAnyExcept((byte)0);
}
