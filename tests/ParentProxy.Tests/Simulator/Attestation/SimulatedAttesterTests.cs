using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Tests.Simulator.Attestation;

public sealed class SimulatedAttesterTests
{
    private static readonly string Zero = new('0', 96);

    private readonly ManualTimeProvider _clock = new();

    [Fact]
    public void Document_IsByteForByteOfTodaysForm()
    {
        var attester = NewAttester();
        var document = DecodedDocument.Read(attester.Attest("n"u8.ToArray()));
        var hex = Convert.ToHexStringLower(document.Bytes);

        // An array of four without a tag, {1: -35}, an empty map, a byte string with a length of two bytes.
        Assert.StartsWith($"8444a1013822a059{document.Payload.Length:x4}", hex, StringComparison.Ordinal);
        // After the payload 96 bytes of signature, and nothing else.
        Assert.Equal("5860", hex.Substring(20 + document.Payload.Length * 2, 4));
        Assert.Equal(10 + document.Payload.Length + 2 + 96, document.Bytes.Length);
        var payload = Convert.ToHexStringLower(document.Payload);
        Assert.StartsWith("bf69" + Hex("module_id"), payload, StringComparison.Ordinal);
        var milliseconds = _clock.GetUtcNow().ToUnixTimeMilliseconds();
        Assert.Contains(
            $"66{Hex("digest")}66{Hex("SHA384")}69{Hex("timestamp")}1b{milliseconds:x16}64{Hex("pcrs")}b0005830",
            payload,
            StringComparison.Ordinal);
        Assert.Contains($"68{Hex("cabundle")}84", payload, StringComparison.Ordinal);
        Assert.EndsWith(
            $"6a{Hex("public_key")}f669{Hex("user_data")}f665{Hex("nonce")}416eff", payload, StringComparison.Ordinal);
        Assert.Equal(
            ["module_id", "digest", "timestamp", "pcrs", "certificate", "cabundle", "public_key", "user_data", "nonce"], document.Keys);
        Assert.True(document.HasGoodSignature());
        Assert.Equal(attester.ModuleId, document.ModuleId);
        Assert.Matches("^i-[0-9a-f]{17}-enc[0-9a-f]{16}$", attester.ModuleId);

        static string Hex(string text) => Convert.ToHexStringLower(Encoding.ASCII.GetBytes(text));
    }

    [Fact]
    public void Pcrs_AreSixteenFromImageRoleAndInstance()
    {
        var attester = new SimulatedAttester(new AttesterOptions { Image = "blue", ModuleId = "i-1-enc2" });
        var pcrs = DecodedDocument.Read(attester.Attest()).Pcrs;

        Assert.Equal(Enumerable.Range(0, 16), pcrs.Keys);
        Assert.Equal(attester.Pcrs, pcrs);
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(Hash(Encoding.ASCII.GetBytes($"blue:{i}")), pcrs[i]));
        Assert.Equal(Hash([.. new byte[48], .. "i-1"u8]), pcrs[4]);
        Assert.NotEqual(Zero, pcrs[3]);
        Assert.All(Enumerable.Range(5, 11), i => Assert.Equal(Zero, pcrs[i]));
    }

    [Fact]
    public void Debug_ZeroesTheImageAndNotTheParent()
    {
        var attester = NewAttester();
        attester.SetPcr(8, "signer");
        var before = DecodedDocument.Read(attester.Attest()).Pcrs;
        attester.Debug = true;
        var after = DecodedDocument.Read(attester.Attest()).Pcrs;

        Assert.All([0, 1, 2, 8], i => Assert.NotEqual(Zero, before[i]));
        Assert.All([0, 1, 2, 8], i => Assert.Equal(Zero, after[i]));
        Assert.All([3, 4], i => Assert.Equal(before[i], after[i]));
        Assert.NotEqual(Zero, after[4]);
    }

    [Fact]
    public void Image_Changed_ChangesItsRegistersAlone()
    {
        var attester = NewAttester();
        var before = attester.Pcrs;
        attester.Image = "another";

        Assert.Equal([0, 1, 2], attester.Pcrs.Where(pcr => before[pcr.Key] != pcr.Value).Select(pcr => pcr.Key));
        Assert.Equal(attester.Pcrs, DecodedDocument.Read(attester.Attest()).Pcrs);
        Assert.Throws<ArgumentException>(() => attester.Image = "");
    }

    [Fact]
    public void SetPcr_AboveFifteen_IsInTheDocumentWhileItIsSet()
    {
        var attester = NewAttester();
        attester.SetPcr(31, "b");
        attester.SetPcr(16, "a");
        var with = DecodedDocument.Read(attester.Attest()).Pcrs;
        attester.SetPcr(16, null);
        attester.SetPcr(31, null);

        Assert.Equal([.. Enumerable.Range(0, 16), 16, 31], with.Keys);
        Assert.Equal(Hash([.. new byte[48], .. "a"u8]), with[16]);
        Assert.Equal(16, DecodedDocument.Read(attester.Attest()).Pcrs.Count);
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(0)]
    [InlineData(7)]
    [InlineData(9)]
    [InlineData(15)]
    [InlineData(32)]
    public void SetPcr_OfThePlatform_Throws(int index) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => NewAttester().SetPcr(index, "text"));

    [Fact]
    public void Attest_AtTheLimits_CarriesEverything()
    {
        var nonce = RandomNumberGenerator.GetBytes(1024);
        var data = RandomNumberGenerator.GetBytes(1024);
        var key = RandomNumberGenerator.GetBytes(1024);
        var document = DecodedDocument.Read(NewAttester().Attest(nonce, data, key));

        Assert.Equal(nonce, document.Nonce);
        Assert.Equal(data, document.UserData);
        Assert.Equal(key, document.PublicKey);
        Assert.True(document.HasGoodSignature());
        Assert.Empty(DecodedDocument.Read(NewAttester().Attest([])).Nonce!);
    }

    [Fact]
    public void Attest_AboveTheLimits_NamesEverythingAndMakesNoDocument()
    {
        var attester = NewAttester();
        var error = Assert.Throws<ArgumentException>(() => attester.Attest(new byte[1025], new byte[1026], new byte[1027]));

        Assert.Equal(
            "nonce: 1025 bytes, at most 1024; user_data: 1026 bytes, at most 1024; public_key: 1027 bytes, at most 1024", error.Message);
        Assert.Equal(0, attester.Documents);
    }

    [Theory]
    [InlineData(AttestationFault.None)]
    [InlineData(AttestationFault.Stale)]
    [InlineData(AttestationFault.WrongNonce)]
    [InlineData(AttestationFault.NoNonce)]
    [InlineData(AttestationFault.Replay)]
    [InlineData(AttestationFault.OtherImage)]
    [InlineData(AttestationFault.Debug)]
    [InlineData(AttestationFault.ExpiredLeaf)]
    [InlineData(AttestationFault.BadSignature)]
    [InlineData(AttestationFault.OtherRoot)]
    [InlineData(AttestationFault.Nitrotpm)]
    public void Fault_OfADocument_IsThatAloneAndEndsWithIt(AttestationFault fault)
    {
        var attester = NewAttester();
        attester.SetPcr(8, "signer");
        var first = attester.Attest("first"u8.ToArray());
        _clock.Advance(TimeSpan.FromMinutes(1));

        attester.Fault = fault;
        var document = DecodedDocument.Read(attester.Attest("nonce"u8.ToArray()));

        Assert.Equal(fault == AttestationFault.Replay, document.Bytes.SequenceEqual(first));
        Assert.Equal(fault != AttestationFault.BadSignature, document.HasGoodSignature());
        Assert.Equal(
            fault switch
            {
                AttestationFault.WrongNonce => "noncd",
                AttestationFault.NoNonce => null,
                AttestationFault.Replay => "first",
                _ => "nonce",
            },
            document.Nonce is { } nonce ? Encoding.ASCII.GetString(nonce) : null);
        Assert.Equal(
            fault switch
            {
                AttestationFault.ExpiredLeaf => X509ChainStatusFlags.NotTimeValid,
                AttestationFault.OtherRoot => X509ChainStatusFlags.UntrustedRoot,
                _ => X509ChainStatusFlags.NoError,
            },
            document.CheckChain(attester.Pki.RootPem, _clock.GetUtcNow()));
        Assert.Equal(
            fault switch
            {
                AttestationFault.Stale => TimeSpan.FromMinutes(10),
                AttestationFault.Replay => TimeSpan.FromMinutes(1),
                _ => TimeSpan.Zero,
            },
            _clock.GetUtcNow() - document.Timestamp);
        Assert.Equal(
            fault switch
            {
                AttestationFault.OtherImage => [0, 1, 2],
                AttestationFault.Debug => [0, 1, 2, 8],
                _ => Array.Empty<int>(),
            },
            document.Pcrs.Where(pcr => attester.Pcrs[pcr.Key] != pcr.Value).Select(pcr => pcr.Key));
        Assert.Equal(fault == AttestationFault.Debug, document.Pcrs[0] == Zero);
        Assert.Equal(fault == AttestationFault.Nitrotpm ? "nitrotpm_pcrs" : "pcrs", document.Keys[3]);
        Assert.Equal(fault != AttestationFault.Nitrotpm, document.ModuleId == attester.ModuleId);
        Assert.Equal(fault == AttestationFault.Replay ? 1 : 2, attester.Documents);

        attester.Fault = AttestationFault.None;
        var good = DecodedDocument.Read(attester.Attest("good"u8.ToArray()));
        Assert.True(good.HasGoodSignature());
        Assert.Equal("good"u8, good.Nonce!);
        Assert.Equal(attester.Pcrs, good.Pcrs);
        Assert.Equal(X509ChainStatusFlags.NoError, good.CheckChain(attester.Pki.RootPem, _clock.GetUtcNow()));
    }

    [Fact]
    public void OtherRoot_HasTheNamesOfTheRightOne()
    {
        var attester = NewAttester();
        var right = DecodedDocument.Read(attester.Attest());
        attester.Fault = AttestationFault.OtherRoot;
        var wrong = DecodedDocument.Read(attester.Attest());

        Assert.Equal(NamesOf(right), NamesOf(wrong));
        Assert.Empty(right.Bundle.Select(Convert.ToHexString).Intersect(wrong.Bundle.Select(Convert.ToHexString)));

        static List<string> NamesOf(DecodedDocument document) =>
            [.. document.Bundle.Append(document.Certificate).Select(der => X509CertificateLoader.LoadCertificate(der).Subject)];
    }

    [Fact]
    public void Nitrotpm_LeafIsThatOfItsModule()
    {
        var attester = NewAttester();
        attester.Fault = AttestationFault.Nitrotpm;
        var document = DecodedDocument.Read(attester.Attest());
        using var leaf = document.LoadLeaf();

        Assert.EndsWith("-tpm0000000000000000", document.ModuleId, StringComparison.Ordinal);
        Assert.StartsWith($"CN={document.ModuleId}.", leaf.Subject, StringComparison.Ordinal);
    }

    [Fact]
    public void WrongNonce_WhereNoneWasAskedFor_IsOne()
    {
        var attester = NewAttester();
        attester.Fault = AttestationFault.WrongNonce;

        Assert.NotNull(DecodedDocument.Read(attester.Attest()).Nonce);
    }

    [Fact]
    public void Replay_OfNothing_IsTheFirst()
    {
        var attester = NewAttester();
        attester.Fault = AttestationFault.Replay;

        var first = attester.Attest("a"u8.ToArray());

        Assert.Equal("a"u8, DecodedDocument.Read(first).Nonce!);
        Assert.Equal(first, attester.Attest("b"u8.ToArray()));
        Assert.Equal(1, attester.Documents);
    }

    [Fact]
    public void Pki_Shared_IsOneRootForBoth()
    {
        var pki = SimulatedPki.Create(_clock);
        var (blue, green) = (NewAttester(pki), NewAttester(pki));
        var (fromBlue, fromGreen) = (DecodedDocument.Read(blue.Attest()), DecodedDocument.Read(green.Attest()));

        Assert.NotEqual(blue.ModuleId, green.ModuleId);
        Assert.Equal(fromBlue.Bundle[..3], fromGreen.Bundle[..3]);
        Assert.NotEqual(fromBlue.Bundle[3], fromGreen.Bundle[3]);
    }

    [Fact]
    public void New_WrongOptions_NamesAllMistakes()
    {
        var error = Assert.Throws<ArgumentException>(
            () => new SimulatedAttester(new AttesterOptions { Listen = "here", Image = "", ModuleId = "a b" }));

        Assert.Contains("listen 'here'", error.Message, StringComparison.Ordinal);
        Assert.Contains("image ''", error.Message, StringComparison.Ordinal);
        Assert.Contains("module id 'a b'", error.Message, StringComparison.Ordinal);
    }

    private SimulatedAttester NewAttester(SimulatedPki? pki = null) => new(new AttesterOptions { Pki = pki }, _clock);

    private static string Hash(byte[] bytes) => Convert.ToHexStringLower(SHA384.HashData(bytes));
}
