using System.Formats.Cbor;

namespace ParentProxy.Attestation.Reading;

/// <summary>
/// The COSE_Sign1 structure of a document (RFC 9052, section 4.2), in the one form that security modules write. The library that
/// verifies takes more: other algorithms, further headers, tags and lengths in several forms.
/// </summary>
internal static class CoseEnvelope
{
    private const int Parts = 4;
    private const int MaxPayload = 16 * 1024;
    private const int MaxHeader = 256;
    private const int SignatureLength = 96; // r and s, 48 bytes each
    private const int AlgorithmLabel = 1;
    private const int Es384 = -35;
    private const CborTag Sign1 = (CborTag)18;

    /// <summary>{1: -35}, as every document has it.</summary>
    private static ReadOnlySpan<byte> ProtectedHeader => [0xA1, 0x01, 0x38, 0x22];

    /// <summary>Reads it whole, and gives its payload.</summary>
    /// <exception cref="AttestationException">It is another form.</exception>
    /// <exception cref="CborContentException">It is no CBOR.</exception>
    public static ReadOnlyMemory<byte> ReadPayload(ReadOnlyMemory<byte> bytes)
    {
        var reader = new CborReader(bytes, CborConformanceMode.Strict);
        ReadTag(reader);
        if (reader.PeekState() != CborReaderState.StartArray || reader.ReadStartArray() is not Parts)
            throw Structure("the document is not an array of four parts");
        CheckProtectedHeader(ReadBytes(reader, "the protected header"));
        CheckUnprotectedHeader(reader);
        var payload = ReadBytes(reader, "the payload");
        if (payload.Length is 0 or > MaxPayload)
            throw Structure($"the payload has {payload.Length} bytes, not 1 to {MaxPayload}");
        var signature = ReadBytes(reader, "the signature");
        if (signature.Length != SignatureLength)
        {
            throw new AttestationException(
                AttestationReason.CoseSignature, $"the signature has {signature.Length} bytes, and ES384 gives {SignatureLength}");
        }

        reader.ReadEndArray();
        return reader.BytesRemaining == 0
            ? payload
            : throw new AttestationException(AttestationReason.TrailingData, $"{reader.BytesRemaining} bytes follow the document");
    }

    private static void ReadTag(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Tag)
            return;
        var tag = reader.ReadTag();
        if (tag != Sign1)
            throw new AttestationException(AttestationReason.CoseTag, $"the document has tag {(ulong)tag}, and 18 is COSE_Sign1");
        if (reader.PeekState() == CborReaderState.Tag)
            throw new AttestationException(AttestationReason.CoseTag, "the document has more than one tag");
    }

    private static ReadOnlyMemory<byte> ReadBytes(CborReader reader, string part) =>
        reader.PeekState() == CborReaderState.ByteString
            ? reader.ReadDefiniteLengthByteString()
            : throw Structure($"{part} is not a byte string in one piece");

    private static void CheckProtectedHeader(ReadOnlyMemory<byte> header)
    {
        if (header.Span.SequenceEqual(ProtectedHeader))
            return;

        // It is refused in any case: what it says is told to whoever looks for the cause.
        if (header.Length > MaxHeader)
        {
            throw new AttestationException(
                AttestationReason.ProtectedHeader, $"the protected header has {header.Length} bytes, and the algorithm takes 4");
        }

        throw ReadAlgorithm(header) == Es384
            ? new AttestationException(
                AttestationReason.ProtectedHeader, "the protected header says more than the algorithm, or says it in other bytes")
            : new AttestationException(
                AttestationReason.Algorithm, $"the protected header does not name ES384 ({Es384}) as the algorithm");
    }

    private static long? ReadAlgorithm(ReadOnlyMemory<byte> header)
    {
        if (header.IsEmpty)
            return null;
        var reader = new CborReader(header, CborConformanceMode.Lax);
        if (reader.PeekState() != CborReaderState.StartMap)
            throw Structure("the protected header is not a map");
        long? algorithm = null;
        var seen = new HashSet<long>();
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            var label = ReadInteger(reader);
            if (label is { } known && !seen.Add(known))
                throw new AttestationException(AttestationReason.DuplicateKey, $"the protected header has the label {known} twice");
            if (label == AlgorithmLabel)
                algorithm = ReadInteger(reader);
            else
                reader.SkipValue();
        }

        return algorithm;
    }

    /// <summary>The integer that is next, or null for anything else, which is passed over.</summary>
    private static long? ReadInteger(CborReader reader)
    {
        if (reader.PeekState() is CborReaderState.UnsignedInteger or CborReaderState.NegativeInteger)
            return reader.ReadInt64();
        reader.SkipValue();
        return null;
    }

    private static void CheckUnprotectedHeader(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.StartMap)
            throw Structure("the unprotected header is not a map");
        reader.ReadStartMap();
        if (reader.PeekState() != CborReaderState.EndMap)
        {
            throw new AttestationException(
                AttestationReason.UnprotectedHeader, "the unprotected header, which no signature covers, is not empty");
        }

        reader.ReadEndMap();
    }

    private static AttestationException Structure(string message) => new(AttestationReason.CoseStructure, message);
}
