using System.Security.Cryptography;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

/// <summary>One fault each, in the order of the checks, and the reason that it is rejected for. All else about them holds.</summary>
public sealed class RejectionTests
{
    public static TheoryData<string, string, Func<byte[]>> Documents()
    {
        var cases = new TheoryData<string, string, Func<byte[]>>();
        AddEnvelopes(cases);
        AddPayloads(cases);
        AddFields(cases);
        AddImages(cases);
        return cases;
    }

    [Theory]
    [MemberData(nameof(Documents), DisableDiscoveryEnumeration = true)]
    public void Verify_OneFault_IsRejectedForIt(string what, string code, Func<byte[]> make)
    {
        Assert.NotEmpty(what);
        var result = new AttestationVerifier(TimeProvider.System).VerifyAt(make(), Policies.Pinned, TestPki.Now);

        Assert.Equal(code, result.Failure?.Reason.Code() ?? "none");
        Assert.Equal(AttestationVerdict.Rejected, result.Verdict);
        Assert.Null(result.Document);
    }

    private static void AddEnvelopes(TheoryData<string, string, Func<byte[]>> cases)
    {
        Add("nothing", "document-size", () => []);
        Add("a byte too many", "document-size", () => new byte[AttestationDocument.MaxBytes + 1]);
        Add("end of the document missing", "malformed-cbor", () => Valid()[..^1]);
        Add("half of it", "malformed-cbor", () => Valid()[..2000]);
        Add("reserved additional information", "malformed-cbor", () => [0x9C]);
        Add("a break alone", "malformed-cbor", () => [0xFF]);
        Add("a byte string longer than memory", "malformed-cbor", () => Item.Hex("845B7FFFFFFFFFFFFFFF"));
        Add("an array longer than memory", "malformed-cbor", () => Item.Hex("9B7FFFFFFFFFFFFFFF"));
        Add("text", "cose-structure", () => "hEShATgioFkRGqlpbW9kdWxlX2lk"u8.ToArray());
        Add("COSE_Mac0", "cose-tag", () => [0xD1, .. Valid()]);
        Add("COSE_Sign", "cose-tag", () => [0xD8, 0x62, .. Valid()]);
        Add("self-described CBOR", "cose-tag", () => [0xD9, 0xD9, 0xF7, .. Valid()]);
        Add("the tag twice", "cose-tag", () => [0xD2, 0xD2, .. Valid()]);
        Add("a tag of nothing", "malformed-cbor", () => [0xD2]);
        Add("five parts", "cose-structure", () => [0x85, .. Valid()[1..], 0xF6]);
        Add("three parts", "cose-structure", () => [0x83, .. Valid()[1..^98]]);
        Add("an array of indefinite length", "cose-structure", () => [0x9F, .. Valid()[1..], 0xFF]);
        Add("a map", "cose-structure", () => [0xA2, .. Valid()[1..]]);
        Add("protected header as a map", "cose-structure", () => [0x84, .. Item.Hex("A1013822"), .. Valid()[6..]]);
        Add("protected header in pieces", "cose-structure", () => [0x84, .. Item.Hex("5F42A101423822FF"), .. Valid()[6..]]);
        Add("protected header of text", "cose-structure", () => Made(d => d.Protected = Item.Text("alg")));
        Add("unprotected header null", "cose-structure", () => Made(d => d.Unprotected = Item.Null));
        Add("unprotected header an array", "cose-structure", () => Made(d => d.Unprotected = [0x80]));
        Add("algorithm unprotected, too", "unprotected-header", () => Made(d => d.Unprotected = Item.Hex("A1013822")));
        Add("key identifier", "unprotected-header", () => Made(d => d.Unprotected = Item.Hex("A1044161")));
        Add("unprotected header of indefinite length", "unprotected-header", () => Made(d => d.Unprotected = Item.Hex("BF044161FF")));
        Add("no protected header", "alg", () => Made(d => d.Protected = []));
        Add("algorithm unprotected alone", "alg", () => Made(d => (d.Protected, d.Unprotected) = ([], Item.Hex("A1013822"))));
        Add("no algorithm", "alg", () => Made(d => d.Protected = [0xA0]));
        Add("ES256", "alg", () => Made(d => (d.Protected, d.Hash) = (Item.Hex("A10126"), HashAlgorithmName.SHA256)));
        Add("ES512", "alg", () => Made(d => (d.Protected, d.Hash) = (Item.Hex("A1013823"), HashAlgorithmName.SHA512)));
        Add("algorithm as text", "alg", () => Made(d => d.Protected = Item.Hex("A1016545533338" + "34")));
        Add("algorithm twice", "duplicate-key", () => Made(d => d.Protected = Item.Hex("A2013822013822")));
        Add("algorithm twice, in two encodings", "duplicate-key", () => Made(d => d.Protected = Item.Hex("A20138221801" + "3822")));
        Add("another protected label", "protected-header", () => Made(d => d.Protected = Item.Hex("A201382204" + "4161")));
        Add("critical labels", "protected-header", () => Made(d => d.Protected = Item.Hex("A2013822028118" + "64")));
        Add("algorithm in a longer form", "protected-header", () => Made(d => d.Protected = Item.Hex("A101390022")));
        Add("protected header of indefinite length", "protected-header", () => Made(d => d.Protected = Item.Hex("BF013822FF")));
        Add("something behind the protected header", "protected-header", () => Made(d => d.Protected = Item.Hex("A101382200")));
        Add("a large protected header", "protected-header", () => Made(d => d.Protected = [.. Enumerable.Repeat((byte)0x81, 10_000), 0]));
        Add("half a protected header", "malformed-cbor", () => Made(d => d.Protected = Item.Hex("A10138")));
        Add("payload elsewhere", "cose-structure", () => [.. Valid()[..7], 0xF6, .. Valid()[^98..]]);
        Add("no payload", "cose-structure", () => Made(d => d.Payload = []));
        Add("payload of 16 KiB and a byte", "cose-structure", () => Made(d => d.Payload = new byte[16 * 1024 + 1]));
        Add("signature a byte short", "cose-signature", () => Made(d => d.AfterSigning = signature => signature[..^1]));
        Add("signature a byte long", "cose-signature", () => Made(d => d.AfterSigning = signature => [.. signature, 0]));
        Add("no signature", "cose-signature", () => Made(d => d.AfterSigning = _ => []));
        Add("signature null", "cose-structure", () => [.. Valid()[..^98], 0xF6]);
        Add("a byte behind", "trailing-data", () => [.. Valid(), 0]);
        Add("a document behind", "trailing-data", () => [.. Valid(), .. Valid()]);

        Add("signature of zeros", "cose-signature", () => Made(d => d.AfterSigning = _ => new byte[96]));
        Add("r of zero", "cose-signature", () => Made(d => d.AfterSigning = signature => [.. new byte[48], .. signature[48..]]));
        Add("s of the order", "cose-signature", () => Made(d => d.AfterSigning = signature => [.. signature[..48], .. Order]));
        Add("a bit of the signature", "cose-signature", () => Made(d => d.AfterSigning = Flipped));
        Add("signature in DER", "cose-signature", () => Made(d => d.AfterSigning = _ =>
            d.Key.SignData(TestDocument.SigStructure(d.Protected, d.PayloadBytes()), d.Hash, DSASignatureFormat.Rfc3279DerSequence)));
        Add("signed with SHA-256", "cose-signature", () => Made(d => d.Hash = HashAlgorithmName.SHA256));
        Add("signed by another key", "cose-signature", () => Made(d => d.Key = ECDsa.Create(ECCurve.NamedCurves.nistP384)));
        Add("payload changed after signing", "cose-signature", () => Made(d => d.AfterSigning = signature =>
        {
            d.SetPcrs(pcrs => pcrs[9][0] = 1);
            return signature;
        }, Reassembled));

        void Add(string what, string code, Func<byte[]> make) => cases.Add(what, code, make);
    }

    private static void AddPayloads(TheoryData<string, string, Func<byte[]>> cases)
    {
        Add("an array", "field-type", d => d.Payload = Item.Array([Item.Null]));
        Add("text", "field-type", d => d.Payload = Item.Text("payload"));
        Add("keys of bytes", "field-type", d => d.Payload = Item.Map(d.Fields.Select(f => (Item.Bytes("k"u8), f.Value))));
        Add("keys of numbers", "field-type", d => d.Payload = Item.Map([(Item.Number(1), Item.Null)]));
        Add("a byte behind the map", "trailing-data", d => d.Payload = [.. d.PayloadBytes(), 0]);
        Add("a map behind the map", "trailing-data", d => d.Payload = [.. d.PayloadBytes(), .. d.PayloadBytes()]);
        Add("a pair less than there are", "trailing-data", d => (d.IsIndefinite, d.Payload) = (false, [0xA8, .. Definite(d)[1..]]));
        Add("a pair more than there are", "malformed-cbor", d => (d.IsIndefinite, d.Payload) = (false, [0xAA, .. Definite(d)[1..]]));
        Add("no break", "malformed-cbor", d => d.Payload = d.PayloadBytes()[..^1]);
        Add("a break after a key", "malformed-cbor", d => d.Payload = [.. d.PayloadBytes()[..^1], 0x61, 0x78, 0xFF]);
        Add("two breaks", "trailing-data", d => d.Payload = [.. d.PayloadBytes(), 0xFF]);
        Add("key that is no UTF-8", "malformed-cbor", d => d.Payload = [.. d.PayloadBytes()[..^1], 0x61, 0xFF, 0xF6, 0xFF]);
        Add("value that is no UTF-8", "malformed-cbor", d => d.Payload = [.. d.PayloadBytes()[..^1], .. Item.Hex("617861FFFF")]);
        Add("arrays in arrays", "malformed-cbor", d => d.Set("x", [.. Enumerable.Repeat((byte)0x81, 1000), 0xF6]));
        Add("maps as keys of maps", "malformed-cbor", d => d.Set("x", [.. Enumerable.Repeat((byte)0xA1, 4000), .. new byte[4001]]));
        Add("tags of tags", "malformed-cbor", d => d.Set("x", [.. Enumerable.Repeat((byte)0xC1, 1000), 0xF6]));
        Add("one level too many", "malformed-cbor", d => d.Set("x", Item.Hex("8181818181818180")));
        Add("an unknown key twice", "duplicate-key", d => d.Fields.AddRange([("x", Item.Null), ("x", Item.Null)]));
        Add("an unknown map with a key twice", "malformed-cbor", d => d.Set("x", Item.Hex("A2010001" + "00")));
        Add("a key in pieces", "field-type", d => d.Payload = [.. d.PayloadBytes()[..^1], .. Item.Hex("7F636E6F6E626365FFF6FF")]);
        foreach (var key in new[] { "module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle", "public_key", "nonce" })
        {
            Add($"{key} twice, the second good", "duplicate-key", d => d.Fields.Insert(0, (key, d.Fields.Single(f => f.Key == key).Value)));
            Add($"{key} twice, one null", "duplicate-key", d => d.Fields.Add((key, Item.Null)), onlyIf: key is "public_key" or "nonce");
        }

        void Add(string what, string code, Action<TestDocument> change, bool onlyIf = true)
        {
            if (onlyIf)
                cases.Add($"payload: {what}", code, () => Made(change));
        }
    }

    private static void AddFields(TheoryData<string, string, Func<byte[]>> cases)
    {
        foreach (var key in new[] { "module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle" })
        {
            Add($"{key} missing", "missing-field", d => d.Remove(key));
            Add($"{key} null", "field-type", d => d.Set(key, Item.Null));
            Add($"{key} undefined", "field-type", d => d.Set(key, [0xF7]));
            Add($"{key} true", "field-type", d => d.Set(key, [0xF5]));
        }

        foreach (var key in new[] { "public_key", "user_data", "nonce" })
        {
            Add($"{key} of text", "field-type", d => d.Set(key, Item.Text("text")));
            Add($"{key} a number", "field-type", d => d.Set(key, Item.Number(1)));
            Add($"{key} in pieces", "field-type", d => d.Set(key, Item.Hex("5F420001420203FF")));
            Add($"{key} with a tag", "field-type", d => d.Set(key, Item.Hex("D8404100")));
            Add($"{key} of 1025 bytes", "field-size", d => d.Set(key, Item.Bytes(new byte[1025])));
        }

        var pcrs = TestDocument.PcrMap(TestDocument.Pcrs());
        Add("NitroTPM instead", "wrong-document-type", d => d.Remove("pcrs").Set("nitrotpm_pcrs", pcrs));
        Add("NitroTPM, too", "wrong-document-type", d => d.Set("nitrotpm_pcrs", pcrs));
        Add("module_id of bytes", "field-type", d => d.Set("module_id", Item.Bytes("i-0"u8)));
        Add("module_id empty", "field-size", d => d.Set("module_id", Item.Text("")));
        Add("module_id of 129 characters", "field-size", d => d.Set("module_id", Item.Text(new string('i', 129))));
        Add("module_id with an escape", "module-id", d => d.Set("module_id", Item.Text("i-\u001b[31m")));
        Add("module_id of somebody else", "module-id", d => d.Set("module_id", Item.Text("i-0fedcba9876543210-enc0123456789abcdef")));
        Add("module_id cut", "module-id", d => d.Set("module_id", Item.Text(TestPki.ModuleId[..^1])));
        Add("digest of another size", "digest", d => d.Set("digest", Item.Text("SHA256")));
        Add("digest in lower case", "digest", d => d.Set("digest", Item.Text("sha384")));
        Add("digest empty", "digest", d => d.Set("digest", Item.Text("")));
        Add("timestamp zero", "timestamp", d => d.Set("timestamp", Item.LongNumber(0)));
        Add("timestamp negative", "timestamp", d => d.Set("timestamp", Item.Number(-1)));
        Add("timestamp in the year 10000", "timestamp", d => d.Set("timestamp", Item.LongNumber(253_402_300_800_000)));
        Add("timestamp of 63 bits", "timestamp", d => d.Set("timestamp", Item.LongNumber(1UL << 63)));
        Add("timestamp of all bits", "timestamp", d => d.Set("timestamp", Item.LongNumber(ulong.MaxValue)));
        Add("timestamp of text", "field-type", d => d.Set("timestamp", Item.Text("1788264000000")));
        Add("timestamp a fraction", "field-type", d => d.Set("timestamp", Item.Hex("FB427A04A2F0A00000")));
        Add("timestamp with a tag", "field-type", d => d.Set("timestamp", [0xC1, .. Item.Number(1_788_264_000)]));
        Add("timestamp a large number", "field-type", d => d.Set("timestamp", Item.Hex("C249010000000000000000")));
        Add("timestamp in seconds", "freshness", d => d.Set("timestamp", Item.Number(TestPki.Now.ToUnixTimeSeconds())));
        Add("timestamp too old", "freshness", d => d.Set("timestamp", Item.Number(TestPki.Now.ToUnixTimeMilliseconds() - 300_001)));
        Add("timestamp too new", "freshness", d => d.Set("timestamp", Item.Number(TestPki.Now.ToUnixTimeMilliseconds() + 10_001)));
        Add("timestamp in the year 9999", "freshness", d => d.Set("timestamp", Item.LongNumber(253_402_300_799_999)));
        Add("certificate empty", "field-size", d => d.Set("certificate", Item.Bytes([])));
        Add("certificate of 1025 bytes", "field-size", d => d.Set("certificate", Item.Bytes(new byte[1025])));
        Add("certificate of text", "field-type", d => d.Set("certificate", Item.Text("MII")));
        Add("cabundle empty", "cabundle", d => d.Set("cabundle", Item.Array([])));
        Add("cabundle of nine", "cabundle", d => d.Set("cabundle", Item.Array(Enumerable.Repeat(Item.Bytes([0]), 9))));
        Add("cabundle a byte string", "field-type", d => d.Set("cabundle", Item.Bytes(TestPki.Valid.CaBundle[0])));
        Add("cabundle a map", "field-type", d => d.Set("cabundle", Item.Map([])));
        Add("cabundle of text", "field-type", d => d.Set("cabundle", Item.Array([Item.Text("MII")])));
        Add("cabundle with null", "field-type", d => d.Set("cabundle", Bundle(list => list.Insert(1, Item.Null))));
        Add("cabundle with an empty one", "field-size", d => d.Set("cabundle", Bundle(list => list[1] = Item.Bytes([]))));
        Add("cabundle with 1025 bytes", "field-size", d => d.Set("cabundle", Bundle(list => list[1] = Item.Bytes(new byte[1025]))));
        Add("nonce null", "nonce", d => d.Set("nonce", Item.Null));
        Add("nonce missing", "nonce", d => d.Remove("nonce"));
        Add("nonce empty", "nonce", d => d.Set("nonce", Item.Bytes([])));
        Add("nonce another", "nonce", d => d.Set("nonce", Item.Bytes(SHA256.HashData(TestDocument.Nonce))));
        Add("nonce cut", "nonce", d => d.Set("nonce", Item.Bytes(TestDocument.Nonce.AsSpan(0, 31))));
        Add("nonce longer", "nonce", d => d.Set("nonce", Item.Bytes([.. TestDocument.Nonce, 0])));
        Add("nonce in hex digits", "nonce", d => d.Set("nonce", Item.Bytes("000102030405060708090a0b0c0d0e0f"u8)));
        Add("nonce in user data", "nonce", d => d.Set("nonce", Item.Null).Set("user_data", Item.Bytes(TestDocument.Nonce)));

        void Add(string what, string code, Action<TestDocument> change) => cases.Add(what, code, () => Made(change));
    }

    private static void AddImages(TheoryData<string, string, Func<byte[]>> cases)
    {
        Add("no PCRs", "pcr-count", d => d.Set("pcrs", Item.Map([])));
        Add("PCRs in an array", "field-type", d => d.Set("pcrs", Item.Array(TestDocument.Pcrs().Values.Select(pcr => Item.Bytes(pcr)))));
        Add("PCR32", "pcr-index", d => d.SetPcrs(pcrs => pcrs[32] = new byte[48]));
        Add("33 PCRs", "pcr-index", d => d.SetPcrs(pcrs => Enumerable.Range(16, 17).ToList().ForEach(i => pcrs[i] = new byte[48])));
        Add("PCR-1", "pcr-index", d => d.SetPcrs(pcrs => pcrs[-1] = new byte[48]));
        Add("a PCR beyond 64 bits", "pcr-index", d => d.Set("pcrs", Item.Hex("A11BFFFFFFFFFFFFFFFF4100")));
        Add("a PCR below 64 bits", "pcr-index", d => d.Set("pcrs", Item.Hex("A13BFFFFFFFFFFFFFFFF4100")));
        Add("2^32 as PCR0", "pcr-index", d => d.Set("pcrs", Item.Hex("A11B00000001000000004100")));
        Add("index of text", "field-type", d => d.Set("pcrs", Item.Map([(Item.Text("0"), Item.Bytes(new byte[48]))])));
        Add("PCR of text", "field-type", d => d.Set("pcrs", Item.Map([(Item.Number(0), Item.Text(new string('0', 96)))])));
        Add("PCR null", "field-type", d => d.Set("pcrs", Item.Map([(Item.Number(0), Item.Null)])));
        Add("PCR0 empty", "pcr-length", d => d.SetPcrs(pcrs => pcrs[0] = []));
        Add("PCR0 of 32 bytes", "pcr-length", d => d.SetPcrs(pcrs => pcrs[0] = pcrs[0][..32]));
        Add("PCR0 of 64 bytes", "pcr-length", d => d.SetPcrs(pcrs => pcrs[0] = [.. pcrs[0], .. new byte[16]]));
        Add("PCR0 twice", "duplicate-key", d => d.Set("pcrs", Item.Map(Twice(0, Item.Number(0)))));
        Add("PCR0 twice, in two encodings", "duplicate-key", d => d.Set("pcrs", Item.Map(Twice(0, Item.Hex("1800")))));
        Add("PCR0 another", "pcr-mismatch", d => d.SetPcrs(pcrs => pcrs[0][0] ^= 1));
        Add("PCR1 another", "pcr-mismatch", d => d.SetPcrs(pcrs => pcrs[1][47] ^= 1));
        Add("PCR2 another", "pcr-mismatch", d => d.SetPcrs(pcrs => pcrs[2][24] ^= 1));
        Add("PCR0 missing", "pcr-mismatch", d => d.SetPcrs(pcrs => pcrs.Remove(0)));
        Add("PCR2 missing", "pcr-mismatch", d => d.SetPcrs(pcrs => pcrs.Remove(2)));
        Add("debug, all zero", "debug-mode", d => d.SetPcrs(pcrs =>
        {
            foreach (var index in pcrs.Keys.ToList())
                pcrs[index] = new byte[48];
        }));
        Add("debug, with PCR3 and 4", "debug-mode", d => d.SetPcrs(pcrs => pcrs[0] = pcrs[1] = pcrs[2] = pcrs[8] = new byte[48]));
        Add("debug, PCR0 alone", "debug-mode", d => d.SetPcrs(pcrs => pcrs[0] = new byte[48]));

        void Add(string what, string code, Action<TestDocument> change) => cases.Add(what, code, () => Made(change));
    }

    private static readonly byte[] Order = Item.Hex(
        "FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973");

    private static byte[] Valid() => new TestDocument().Encode();

    private static byte[] Made(Action<TestDocument> change, Func<TestDocument, byte[]>? encode = null)
    {
        var document = new TestDocument();
        change(document);
        return encode is null ? document.Encode() : encode(document);
    }

    /// <summary>The signature of what it was, beside what it has become.</summary>
    private static byte[] Reassembled(TestDocument document)
    {
        var signature = TestDocument.Sign(document.Key, document.Hash, document.Protected, document.PayloadBytes());
        signature = document.AfterSigning(signature);
        return Item.Array(
            [Item.Bytes(document.Protected), document.Unprotected, Item.Bytes(document.PayloadBytes()), Item.Bytes(signature)]);
    }

    private static byte[] Definite(TestDocument document) => Item.Map(document.Fields.Select(field => (Item.Text(field.Key), field.Value)));

    private static byte[] Flipped(byte[] bytes)
    {
        bytes[10] ^= 1;
        return bytes;
    }

    private static byte[] Bundle(Action<List<byte[]>> change)
    {
        var items = TestPki.Valid.CaBundle.Select(der => Item.Bytes(der)).ToList();
        change(items);
        return Item.Array(items);
    }

    private static IEnumerable<(byte[] Key, byte[] Value)> Twice(int index, byte[] key) =>
        TestDocument.Pcrs().Select(pcr => (Item.Number(pcr.Key), Item.Bytes(pcr.Value)))
            .Append((key, Item.Bytes(TestDocument.Pcrs()[index])));
}
