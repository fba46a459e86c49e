using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Commands.Attest;

/// <summary>A security module with a root of its own: as little as makes a document that holds.</summary>
internal sealed class TestAttester : IDisposable
{
    public const string ModuleId = "i-0123456789abcdef0-enc0123456789abcdef";

    private static readonly byte[] Protected = [0xa1, 0x01, 0x38, 0x22];

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP384);
    private readonly X509Certificate2 _root;
    private readonly X509Certificate2 _leaf;

    public TestAttester()
    {
        var now = DateTimeOffset.UtcNow;
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP384);
        var root = new CertificateRequest("CN=not-aws.nitro-enclaves", rootKey, HashAlgorithmName.SHA384);
        root.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        root.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.DigitalSignature, true));
        root.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(root.PublicKey, false));
        _root = root.CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
        var leaf = new CertificateRequest($"CN={ModuleId}.eu-central-1.not-aws", _key, HashAlgorithmName.SHA384);
        leaf.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        leaf.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, false));
        _leaf = leaf.Create(_root, now.AddMinutes(-1), now.AddHours(3), [1, 2, 3]);
        File.WriteAllText(RootFile, _root.ExportCertificatePem());
    }

    public TemporaryDirectory Folder { get; } = new();

    /// <summary>What <c>--root</c> takes.</summary>
    public string RootFile => Folder.File("root.pem");

    public DateTimeOffset Made { get; set; } = DateTimeOffset.UtcNow;

    public bool IsDebug { get; init; }

    public byte[]? PublicKey { get; init; }

    /// <summary>What a PCR of the image is.</summary>
    public static string Pcr(int index) => Convert.ToHexStringLower(Enumerable.Repeat((byte)(0xa0 + index), 48).ToArray());

    public byte[] Document(byte[]? nonce, byte[]? userData = null)
    {
        var payload = new CborWriter();
        payload.WriteStartMap(9);
        payload.WriteTextString("module_id");
        payload.WriteTextString(ModuleId);
        payload.WriteTextString("digest");
        payload.WriteTextString("SHA384");
        payload.WriteTextString("timestamp");
        payload.WriteUInt64((ulong)Made.ToUnixTimeMilliseconds());
        payload.WriteTextString("pcrs");
        payload.WriteStartMap(6);
        for (var i = 0; i < 6; i++)
        {
            payload.WriteInt32(i);
            payload.WriteByteString(i == 5 || (IsDebug && i < 3) ? new byte[48] : Convert.FromHexString(Pcr(i)));
        }

        payload.WriteEndMap();
        payload.WriteTextString("certificate");
        payload.WriteByteString(_leaf.RawData);
        payload.WriteTextString("cabundle");
        payload.WriteStartArray(1);
        payload.WriteByteString(_root.RawData);
        payload.WriteEndArray();
        foreach (var (name, value) in ((string, byte[]?)[])[("public_key", PublicKey), ("user_data", userData), ("nonce", nonce)])
        {
            payload.WriteTextString(name);
            if (value is null)
                payload.WriteNull();
            else
                payload.WriteByteString(value);
        }

        payload.WriteEndMap();
        return Sign(payload.Encode());
    }

    /// <summary>The line of a server, which has done as the line of a client asks.</summary>
    public string Answer(string line)
    {
        using var request = JsonDocument.Parse(line);
        var document = Document(Bytes("nonce"), Bytes("user_data"));
        return $$"""{"success":true,"attestation_document":"{{Convert.ToBase64String(document)}}","nonce":"untrue"}""" + "\n";

        byte[]? Bytes(string name) =>
            request.RootElement.GetProperty(name).GetString() is { } text ? Encoding.UTF8.GetBytes(text) : null;
    }

    /// <summary>A server of JSON lines.</summary>
    public ScriptedEnclave Serve() => ScriptedEnclave.Start(async connection =>
        await connection.SendAsync(Answer((await connection.ReadLineAsync())!)));

    public void Dispose()
    {
        _key.Dispose();
        _root.Dispose();
        _leaf.Dispose();
        Folder.Dispose();
    }

    private byte[] Sign(byte[] payload)
    {
        var signed = new CborWriter();
        signed.WriteStartArray(4);
        signed.WriteTextString("Signature1");
        signed.WriteByteString(Protected);
        signed.WriteByteString([]);
        signed.WriteByteString(payload);
        signed.WriteEndArray();
        var document = new CborWriter();
        document.WriteStartArray(4);
        document.WriteByteString(Protected);
        document.WriteStartMap(0);
        document.WriteEndMap();
        document.WriteByteString(payload);
        document.WriteByteString(_key.SignData(signed.Encode(), HashAlgorithmName.SHA384));
        document.WriteEndArray();
        return document.Encode();
    }
}
