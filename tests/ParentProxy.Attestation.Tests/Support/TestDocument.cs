using System.Security.Cryptography;

namespace ParentProxy.Attestation.Tests.Support;

/// <summary>
/// A document in parts, each of which can be changed before it is put together and signed. As it is, it is one that holds, in the
/// form that security modules write since 2025.
/// </summary>
public sealed class TestDocument
{
    public TestDocument(TestPki? pki = null)
    {
        pki ??= TestPki.Valid;
        Key = pki.Leaf.Key;
        Fields =
        [
            ("module_id", Item.Text(TestPki.ModuleId)),
            ("digest", Item.Text("SHA384")),
            ("timestamp", Item.LongNumber((ulong)TestPki.Now.ToUnixTimeMilliseconds())),
            ("pcrs", PcrMap(Pcrs())),
            ("certificate", Item.Bytes(pki.Leaf.Der)),
            ("cabundle", Item.Array(pki.CaBundle.Select(der => Item.Bytes(der)))),
            ("public_key", Item.Null),
            ("user_data", Item.Null),
            ("nonce", Item.Bytes(Nonce)),
        ];
    }

    public static byte[] Nonce { get; } = [.. Enumerable.Range(0, 32).Select(i => (byte)i)];

    /// <summary>The fields of the payload, each with its value in CBOR.</summary>
    public List<(string Key, byte[] Value)> Fields { get; }

    public bool IsIndefinite { get; set; } = true;

    /// <summary>Takes the place of the fields.</summary>
    public byte[]? Payload { get; set; }

    public byte[] Protected { get; set; } = Item.Hex("A1013822");

    /// <summary>In CBOR.</summary>
    public byte[] Unprotected { get; set; } = [0xA0];

    public ECDsa Key { get; set; }

    public HashAlgorithmName Hash { get; set; } = HashAlgorithmName.SHA384;

    /// <summary>What is done to the signature.</summary>
    public Func<byte[], byte[]> AfterSigning { get; set; } = signature => signature;

    /// <summary>Measurements of an image that is signed, with an IAM role.</summary>
    public static SortedDictionary<int, byte[]> Pcrs() => new(
        Enumerable.Range(0, 16).ToDictionary(i => i, i => i is <= 4 or 8 ? SHA384.HashData([(byte)i]) : new byte[48]));

    public static byte[] PcrMap(IEnumerable<KeyValuePair<int, byte[]>> pcrs) =>
        Item.Map(pcrs.Select(pcr => (Item.Number(pcr.Key), Item.Bytes(pcr.Value))));

    /// <summary>Sets a field, where it stands or at the end.</summary>
    public TestDocument Set(string key, byte[] value)
    {
        var index = Fields.FindIndex(field => field.Key == key);
        if (index < 0)
            Fields.Add((key, value));
        else
            Fields[index] = (key, value);
        return this;
    }

    public TestDocument Remove(string key)
    {
        Fields.RemoveAll(field => field.Key == key);
        return this;
    }

    public TestDocument SetPcrs(Action<SortedDictionary<int, byte[]>> change)
    {
        var pcrs = Pcrs();
        change(pcrs);
        return Set("pcrs", PcrMap(pcrs));
    }

    /// <summary>The payload as it is signed.</summary>
    public byte[] PayloadBytes() => Payload ?? Item.Map(Fields.Select(field => (Item.Text(field.Key), field.Value)), IsIndefinite);

    /// <summary>Signs it, and puts it together.</summary>
    public byte[] Encode()
    {
        var payload = PayloadBytes();
        var signature = AfterSigning(Sign(Key, Hash, Protected, payload));
        return Item.Array([Item.Bytes(Protected), Unprotected, Item.Bytes(payload), Item.Bytes(signature)]);
    }

    /// <summary>Signs as RFC 9052 asks, section 4.4.</summary>
    public static byte[] Sign(ECDsa key, HashAlgorithmName hash, byte[] protectedHeader, byte[] payload) =>
        key.SignData(SigStructure(protectedHeader, payload), hash);

    public static byte[] SigStructure(byte[] protectedHeader, byte[] payload) =>
        Item.Array([Item.Text("Signature1"), Item.Bytes(protectedHeader), Item.Bytes([]), Item.Bytes(payload)]);
}
