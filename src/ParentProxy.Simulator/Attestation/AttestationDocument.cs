using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;

namespace ParentProxy.Simulator.Attestation;

/// <summary>Writes documents byte for byte in the form in which today's security module writes them.</summary>
internal static class AttestationDocument
{
    // COSE_Sign1, which the library writes and the security module does not.
    private const byte Tag = 0xd2;

    /// <param name="moduleId">Whose it is.</param>
    /// <param name="timestamp">When it was made.</param>
    /// <param name="registers">What it attests.</param>
    /// <param name="registersKey">The key of the registers, <c>pcrs</c> for an enclave.</param>
    /// <param name="leaf">Who signs.</param>
    /// <param name="request">What it was asked to carry.</param>
    public static byte[] Sign(
        string moduleId,
        DateTimeOffset timestamp,
        PlatformRegisters registers,
        string registersKey,
        CertifiedKey leaf,
        AttestationRequest request)
    {
        var payload = WritePayload(moduleId, timestamp, registers, registersKey, leaf, request);
        using var key = leaf.OpenKey();
        var message = CoseSign1Message.SignEmbedded(payload, new CoseSigner(key, HashAlgorithmName.SHA384));
        return message[0] == Tag ? message[1..] : message;
    }

    private static byte[] WritePayload(
        string moduleId,
        DateTimeOffset timestamp,
        PlatformRegisters registers,
        string registersKey,
        CertifiedKey leaf,
        AttestationRequest request)
    {
        var writer = new CborWriter(CborConformanceMode.Strict);
        // Of indefinite length, unlike the maps and arrays in it: since the summer of 2025.
        writer.WriteStartMap(null);
        writer.WriteTextString("module_id");
        writer.WriteTextString(moduleId);
        writer.WriteTextString("digest");
        writer.WriteTextString("SHA384");
        writer.WriteTextString("timestamp");
        writer.WriteUInt64((ulong)timestamp.ToUnixTimeMilliseconds());
        WriteRegisters(writer, registersKey, registers);
        WriteBytes(writer, "certificate", leaf.Certificate);
        WriteBundle(writer, leaf.Bundle);
        WriteBytes(writer, "public_key", request.PublicKey);
        WriteBytes(writer, "user_data", request.UserData);
        WriteBytes(writer, "nonce", request.Nonce);
        writer.WriteEndMap();
        return writer.Encode();
    }

    private static void WriteRegisters(CborWriter writer, string key, PlatformRegisters registers)
    {
        var values = registers.Read().ToList();
        writer.WriteTextString(key);
        writer.WriteStartMap(values.Count);
        foreach (var (index, value) in values)
        {
            writer.WriteInt32(index);
            writer.WriteByteString(value);
        }

        writer.WriteEndMap();
    }

    private static void WriteBundle(CborWriter writer, IReadOnlyList<byte[]> bundle)
    {
        writer.WriteTextString("cabundle");
        writer.WriteStartArray(bundle.Count);
        foreach (var certificate in bundle)
            writer.WriteByteString(certificate);
        writer.WriteEndArray();
    }

    private static void WriteBytes(CborWriter writer, string key, byte[]? value)
    {
        writer.WriteTextString(key);
        if (value is null)
            writer.WriteNull();
        else
            writer.WriteByteString(value);
    }
}
