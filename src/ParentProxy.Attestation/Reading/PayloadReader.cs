using System.Collections.Frozen;
using System.Formats.Cbor;

namespace ParentProxy.Attestation.Reading;

/// <summary>
/// The fields of a document, by the CDDL in section 2.2 and the rules in section 3.2.2 of attestation_process.md
/// (aws-nitro-enclaves-nsm-api), where security modules keep to them.
/// </summary>
/// <remarks>
/// They write maps of definite length until 2025 and of indefinite length since, null for what is not set, and up to 1024 bytes of
/// nonce and user data, of which the text allows 512. Keys may be in any order, and further keys may be there.
/// </remarks>
internal sealed class PayloadReader
{
    private const int PcrLength = 48; // SHA-384
    private const int LastPcr = 31;
    private const int MaxCertificates = 8; // there are four
    private const int MaxBytes = 1024;
    private const int MaxDepth = 8; // the lists in the map are 2
    private const int MaxModuleIdLength = 128;
    private const long MaxTimestamp = 253_402_300_799_999; // the year 9999

    private readonly CborReader _reader;
    private readonly HashSet<string> _seen = [];
    private string? _moduleId;
    private string? _digest;
    private ulong? _timestamp;
    private Dictionary<int, ReadOnlyMemory<byte>>? _pcrs;
    private ReadOnlyMemory<byte>? _certificate;
    private List<ReadOnlyMemory<byte>>? _caBundle;
    private ReadOnlyMemory<byte>? _publicKey;
    private ReadOnlyMemory<byte>? _userData;
    private ReadOnlyMemory<byte>? _nonce;

    // The strict reader finds equal keys only where their bytes are equal, and cannot say that this is what it found.
    private PayloadReader(ReadOnlyMemory<byte> payload) => _reader = new CborReader(payload, CborConformanceMode.Lax);

    /// <summary>Reads all fields of a payload.</summary>
    /// <exception cref="AttestationException">One is wrong, or missing.</exception>
    /// <exception cref="CborContentException">The payload is no CBOR.</exception>
    public static AttestationDocument Read(ReadOnlyMemory<byte> payload)
    {
        var reader = new PayloadReader(payload);
        reader.ReadMap();
        new CborReader(payload, CborConformanceMode.Strict).SkipValue();
        return reader.ToDocument();
    }

    private void ReadMap()
    {
        Expect(CborReaderState.StartMap, "the payload", "map");
        _reader.ReadStartMap();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            Expect(CborReaderState.TextString, "a key of the payload", "text string");
            var key = _reader.ReadTextString();
            if (!_seen.Add(key))
                throw new AttestationException(AttestationReason.DuplicateKey, $"the payload has the key {Printable.Text(key)} twice");
            ReadValue(key);
        }

        _reader.ReadEndMap();
        if (_reader.BytesRemaining > 0)
            throw new AttestationException(AttestationReason.TrailingData, $"{_reader.BytesRemaining} bytes follow the map in the payload");
    }

    private void ReadValue(string key)
    {
        switch (key)
        {
            case "module_id":
                _moduleId = ReadText(key);
                break;
            case "digest":
                _digest = ReadText(key);
                break;
            case "timestamp":
                _timestamp = ReadTimestamp(key);
                break;
            case "pcrs":
                _pcrs = ReadPcrs(key);
                break;
            case "certificate":
                _certificate = ReadBytes(key, "byte string");
                break;
            case "cabundle":
                _caBundle = ReadCaBundle(key);
                break;
            case "public_key":
                _publicKey = ReadOptional(key);
                break;
            case "user_data":
                _userData = ReadOptional(key);
                break;
            case "nonce":
                _nonce = ReadOptional(key);
                break;
            default:
                Skip(2);
                break;
        }
    }

    /// <summary>Passes over what nobody asks for. The reader would follow it to any depth, at quadratic cost in maps as keys.</summary>
    private void Skip(int depth)
    {
        if (depth > MaxDepth)
            throw new AttestationException(AttestationReason.MalformedCbor, $"the payload is nested more than {MaxDepth} deep");
        switch (_reader.PeekState())
        {
            case CborReaderState.Tag:
                _reader.ReadTag();
                Skip(depth + 1);
                break;
            case CborReaderState.StartArray:
                _reader.ReadStartArray();
                while (_reader.PeekState() != CborReaderState.EndArray)
                    Skip(depth + 1);
                _reader.ReadEndArray();
                break;
            case CborReaderState.StartMap:
                _reader.ReadStartMap();
                while (_reader.PeekState() != CborReaderState.EndMap)
                    Skip(depth + 1);
                _reader.ReadEndMap();
                break;
            default:
                _reader.SkipValue();
                break;
        }
    }

    private string ReadText(string key)
    {
        Expect(CborReaderState.TextString, key, "text string");
        return _reader.ReadTextString();
    }

    private ReadOnlyMemory<byte> ReadBytes(string key, string type)
    {
        Expect(CborReaderState.ByteString, key, type);
        return _reader.ReadDefiniteLengthByteString();
    }

    private ReadOnlyMemory<byte>? ReadOptional(string key)
    {
        if (_reader.PeekState() == CborReaderState.Null)
        {
            _reader.ReadNull();
            return null;
        }

        return ReadBytes(key, "byte string or null");
    }

    private ulong ReadTimestamp(string key)
    {
        if (_reader.PeekState() == CborReaderState.NegativeInteger)
            throw new AttestationException(AttestationReason.Timestamp, "timestamp is negative");
        Expect(CborReaderState.UnsignedInteger, key, "unsigned integer");
        return _reader.ReadUInt64();
    }

    private Dictionary<int, ReadOnlyMemory<byte>> ReadPcrs(string key)
    {
        var pcrs = new Dictionary<int, ReadOnlyMemory<byte>>();
        Expect(CborReaderState.StartMap, key, "map");
        _reader.ReadStartMap();
        while (_reader.PeekState() != CborReaderState.EndMap)
        {
            if (_reader.PeekState() == CborReaderState.NegativeInteger)
                throw new AttestationException(AttestationReason.PcrIndex, "the index of a PCR is negative");
            Expect(CborReaderState.UnsignedInteger, "the index of a PCR", "unsigned integer");
            var index = _reader.ReadUInt64();
            if (index > LastPcr)
                throw new AttestationException(AttestationReason.PcrIndex, $"there is a PCR{index}; {LastPcr} is the last");
            if (!pcrs.TryAdd((int)index, ReadBytes($"PCR{index}", "byte string")))
                throw new AttestationException(AttestationReason.DuplicateKey, $"PCR{index} is there twice");
        }

        _reader.ReadEndMap();
        return pcrs;
    }

    private List<ReadOnlyMemory<byte>> ReadCaBundle(string key)
    {
        var certificates = new List<ReadOnlyMemory<byte>>();
        Expect(CborReaderState.StartArray, key, "array");
        _reader.ReadStartArray();
        while (_reader.PeekState() != CborReaderState.EndArray)
        {
            if (certificates.Count == MaxCertificates)
                throw new AttestationException(AttestationReason.CaBundle, $"cabundle has more than {MaxCertificates} certificates");
            certificates.Add(ReadBytes("a certificate in cabundle", "byte string"));
        }

        _reader.ReadEndArray();
        return certificates;
    }

    private AttestationDocument ToDocument()
    {
        if (_seen.Contains("nitrotpm_pcrs"))
        {
            throw new AttestationException(
                AttestationReason.WrongDocumentType, "it is the document of an instance's NitroTPM (nitrotpm_pcrs), not of an enclave");
        }

        return new AttestationDocument
        {
            ModuleId = CheckModuleId(_moduleId ?? throw Missing("module_id")),
            Timestamp = CheckTimestamp(_timestamp ?? throw Missing("timestamp"), _digest ?? throw Missing("digest")),
            Pcrs = CheckPcrs(_pcrs ?? throw Missing("pcrs")),
            Certificate = CheckSize("certificate", _certificate ?? throw Missing("certificate"), min: 1),
            CaBundle = CheckCaBundle(_caBundle ?? throw Missing("cabundle")),
            PublicKey = CheckSize("public_key", _publicKey),
            UserData = CheckSize("user_data", _userData),
            Nonce = CheckSize("nonce", _nonce),
        };
    }

    private static string CheckModuleId(string moduleId)
    {
        if (moduleId.Length is 0 or > MaxModuleIdLength)
            throw new AttestationException(
                AttestationReason.FieldSize, $"module_id has {moduleId.Length} characters, not 1 to {MaxModuleIdLength}");

        // It goes to logs and terminals.
        return moduleId.AsSpan().ContainsAnyExceptInRange('!', '~')
            ? throw new AttestationException(AttestationReason.ModuleId, "module_id has other characters than visible ASCII")
            : moduleId;
    }

    private static DateTimeOffset CheckTimestamp(ulong timestamp, string digest)
    {
        if (digest != "SHA384")
            throw new AttestationException(AttestationReason.Digest, $"digest is {Printable.Text(digest)}, not SHA384");
        return timestamp is 0 or > MaxTimestamp
            ? throw new AttestationException(AttestationReason.Timestamp, $"timestamp {timestamp} is no time in milliseconds since 1970")
            : DateTimeOffset.FromUnixTimeMilliseconds((long)timestamp);
    }

    private static FrozenDictionary<int, ReadOnlyMemory<byte>> CheckPcrs(Dictionary<int, ReadOnlyMemory<byte>> pcrs)
    {
        if (pcrs.Count == 0)
            throw new AttestationException(AttestationReason.PcrCount, "there are no PCRs");
        foreach (var (index, value) in pcrs)
        {
            if (value.Length != PcrLength)
                throw new AttestationException(AttestationReason.PcrLength, $"PCR{index} has {value.Length} bytes, not {PcrLength}");
        }

        return pcrs.ToFrozenDictionary();
    }

    private static List<ReadOnlyMemory<byte>> CheckCaBundle(List<ReadOnlyMemory<byte>> certificates)
    {
        if (certificates.Count == 0)
            throw new AttestationException(AttestationReason.CaBundle, "cabundle is empty");
        foreach (var certificate in certificates)
            CheckSize("a certificate in cabundle", certificate, min: 1);
        return certificates;
    }

    private static ReadOnlyMemory<byte>? CheckSize(string key, ReadOnlyMemory<byte>? value) =>
        value is { } bytes ? CheckSize(key, bytes, min: 0) : default(ReadOnlyMemory<byte>?); // null alone would become an empty one

    private static ReadOnlyMemory<byte> CheckSize(string key, ReadOnlyMemory<byte> value, int min) =>
        value.Length >= min && value.Length <= MaxBytes
            ? value
            : throw new AttestationException(AttestationReason.FieldSize, $"{key} has {value.Length} bytes, not {min} to {MaxBytes}");

    private static AttestationException Missing(string key) => new(AttestationReason.MissingField, $"{key} is missing");

    private void Expect(CborReaderState state, string what, string type)
    {
        if (_reader.PeekState() != state)
            throw new AttestationException(AttestationReason.FieldType, $"{what} is no {type}");
    }
}
