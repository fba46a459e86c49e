using System.Formats.Cbor;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Tests.Simulator.Attestation;

/// <summary>A document in its parts, read with the framework's libraries and without a judgement.</summary>
internal sealed record DecodedDocument
{
    public required byte[] Bytes { get; init; }

    public required byte[] Payload { get; init; }

    /// <summary>The keys of the payload in their order.</summary>
    public List<string> Keys { get; } = [];

    public string? ModuleId { get; private set; }

    public string? Digest { get; private set; }

    public DateTimeOffset Timestamp { get; private set; }

    public Dictionary<int, string> Pcrs { get; } = [];

    public byte[] Certificate { get; private set; } = [];

    public List<byte[]> Bundle { get; } = [];

    public byte[]? PublicKey { get; private set; }

    public byte[]? UserData { get; private set; }

    public byte[]? Nonce { get; private set; }

    public static DecodedDocument Read(byte[] bytes)
    {
        var message = CoseMessage.DecodeSign1(bytes);
        var document = new DecodedDocument { Bytes = bytes, Payload = message.Content!.Value.ToArray() };
        var reader = new CborReader(document.Payload, CborConformanceMode.Strict);
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
            document.ReadField(reader);
        reader.ReadEndMap();
        Assert.Equal(0, reader.BytesRemaining);
        return document;
    }

    public X509Certificate2 LoadLeaf() => X509CertificateLoader.LoadCertificate(Certificate);

    public bool HasGoodSignature()
    {
        using var leaf = LoadLeaf();
        using var key = leaf.GetECDsaPublicKey()!;
        return CoseMessage.DecodeSign1(Bytes).VerifyEmbedded(key);
    }

    /// <summary>What is wrong with the chain from the leaf to this root at that time.</summary>
    public X509ChainStatusFlags CheckChain(string rootPem, DateTimeOffset at)
    {
        using var leaf = LoadLeaf();
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = at.UtcDateTime;
        chain.ChainPolicy.CustomTrustStore.ImportFromPem(rootPem);
        foreach (var certificate in Bundle)
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(certificate));
        var isGood = chain.Build(leaf);
        var status = chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (all, one) => all | one.Status);
        Assert.Equal(isGood, status == X509ChainStatusFlags.NoError);
        return status;
    }

    private void ReadField(CborReader reader)
    {
        var key = reader.ReadTextString();
        Keys.Add(key);
        switch (key)
        {
            case "module_id":
                ModuleId = reader.ReadTextString();
                break;
            case "digest":
                Digest = reader.ReadTextString();
                break;
            case "timestamp":
                Timestamp = DateTimeOffset.FromUnixTimeMilliseconds((long)reader.ReadUInt64());
                break;
            case "pcrs" or "nitrotpm_pcrs":
                for (var left = reader.ReadStartMap(); left > 0; left--)
                    Pcrs.Add(reader.ReadInt32(), Convert.ToHexStringLower(reader.ReadByteString()));
                reader.ReadEndMap();
                break;
            case "certificate":
                Certificate = reader.ReadByteString();
                break;
            case "cabundle":
                for (var left = reader.ReadStartArray(); left > 0; left--)
                    Bundle.Add(reader.ReadByteString());
                reader.ReadEndArray();
                break;
            case "public_key":
                PublicKey = ReadBytes(reader);
                break;
            case "user_data":
                UserData = ReadBytes(reader);
                break;
            case "nonce":
                Nonce = ReadBytes(reader);
                break;
            default:
                Assert.Fail($"the payload has a key '{key}'");
                break;
        }
    }

    private static byte[]? ReadBytes(CborReader reader)
    {
        if (reader.PeekState() != CborReaderState.Null)
            return reader.ReadByteString();
        reader.ReadNull();
        return null;
    }
}
