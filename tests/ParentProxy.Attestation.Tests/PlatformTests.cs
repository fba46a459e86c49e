using System.Formats.Cbor;
using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using System.Security.Cryptography.X509Certificates;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

/// <summary>
/// What the libraries below let through by themselves, and the verifier does not; and what they are relied on for. One that fails after
/// an upgrade says that the table in docs/attestation.md, and perhaps a check, is out of date.
/// </summary>
public sealed class PlatformTests
{
    public static TheoryData<string, string, Action<TestDocument>> CoseLetsThrough() => new()
    {
        { "ES256 with a key on P-384", "alg", d => (d.Protected, d.Hash) = (Item.Hex("A10126"), HashAlgorithmName.SHA256) },
        { "ES512 with a key on P-384", "alg", d => (d.Protected, d.Hash) = (Item.Hex("A1013823"), HashAlgorithmName.SHA512) },
        { "the algorithm as text", "alg", d => d.Protected = Item.Hex("A101654553333834") },
        { "a further protected label", "protected-header", d => d.Protected = Item.Hex("A2013822044161") },
        { "a critical label that it does not know", "protected-header", d => d.Protected = Item.Hex("A301382202811864186400") },
        { "a protected header of indefinite length", "protected-header", d => d.Protected = Item.Hex("BF013822FF") },
        { "a protected header in a longer form", "protected-header", d => d.Protected = Item.Hex("A101390022") },
        { "an unprotected label", "unprotected-header", d => d.Unprotected = Item.Hex("A1044161") },
        { "unprotected critical labels", "unprotected-header", d => d.Unprotected = Item.Hex("A102811864") },
    };

    [Theory]
    [MemberData(nameof(CoseLetsThrough), DisableDiscoveryEnumeration = true)]
    public void VerifyEmbedded_LetsThrough_WhatIsRejected(string what, string code, Action<TestDocument> change)
    {
        Assert.NotEmpty(what);
        var document = new TestDocument();
        change(document);

        Assert.True(CoseMessage.DecodeSign1(document.Encode()).VerifyEmbedded(TestPki.Valid.Leaf.Key));
        Assert.Equal(code, CodeOf(document.Encode()));
    }

    [Fact]
    public void DecodeSign1_LetsThrough_ArraysOfIndefiniteLength()
    {
        byte[] bytes = [0x9F, .. new TestDocument().Encode()[1..], 0xFF];

        Assert.True(CoseMessage.DecodeSign1(bytes).VerifyEmbedded(TestPki.Valid.Leaf.Key));
        Assert.Equal("cose-structure", CodeOf(bytes));
    }

    [Fact]
    public void DecodeSign1_LetsThrough_HeadersInPieces()
    {
        byte[] bytes = [0x84, .. Item.Hex("5F42A101423822FF"), .. new TestDocument().Encode()[6..]];

        Assert.True(CoseMessage.DecodeSign1(bytes).VerifyEmbedded(TestPki.Valid.Leaf.Key));
        Assert.Equal("cose-structure", CodeOf(bytes));
    }

    /// <summary>These are let through by both: what was signed is the same, so that the bytes of a document are no identity.</summary>
    [Fact]
    public void VerifyEmbedded_SeveralFormsOfOneDocument_AllHold()
    {
        var bytes = new TestDocument().Encode();
        foreach (byte[] form in (byte[][])[bytes, [0xD2, .. bytes], [0xD8, 18, .. bytes], [0x98, 4, .. bytes[1..]]])
        {
            Assert.True(CoseMessage.DecodeSign1(form).VerifyEmbedded(TestPki.Valid.Leaf.Key));
            Assert.Equal("none", CodeOf(form));
        }
    }

    [Fact]
    public void VerifyEmbedded_SignatureOfAnyShape_IsNoException()
    {
        foreach (var length in new[] { 0, 1, 64, 95, 97, 132 })
        {
            var document = new TestDocument { AfterSigning = _ => new byte[length] };
            Assert.False(CoseMessage.DecodeSign1(document.Encode()).VerifyEmbedded(TestPki.Valid.Leaf.Key));
        }
    }

    /// <summary>Real documents have the keys of their maps in another order, and since 2025 the map has no length.</summary>
    [Theory]
    [InlineData(CborConformanceMode.Lax, true)]
    [InlineData(CborConformanceMode.Strict, true)]
    [InlineData(CborConformanceMode.Canonical, false)]
    [InlineData(CborConformanceMode.Ctap2Canonical, false)]
    public void CborReader_Payload_IsReadInTheFirstTwoModes(CborConformanceMode mode, bool isRead)
    {
        foreach (var isIndefinite in new[] { false, true })
        {
            var payload = new TestDocument { IsIndefinite = isIndefinite }.PayloadBytes();
            Assert.Equal(isRead, Record.Exception(() => new CborReader(payload, mode).SkipValue()) is null);
        }
    }

    [Fact]
    public void CborReaderStrict_LetsThrough_EqualKeysInSeveralForms()
    {
        Assert.Throws<CborContentException>(() => new CborReader(Item.Hex("A200410000" + "4101"), CborConformanceMode.Strict).SkipValue());
        foreach (var map in new[] { "A20041001800" + "4101", "A2616141007F6161FF4101" })
            new CborReader(Item.Hex(map), CborConformanceMode.Strict).SkipValue();
    }

    [Fact]
    public void CborReaderStrict_LetsThrough_WhatFollows()
    {
        var reader = new CborReader((byte[])[0xF6, 0xFF], CborConformanceMode.Strict);
        reader.ReadNull();

        Assert.Equal(CborReaderState.Finished, reader.PeekState());
        Assert.Equal(1, reader.BytesRemaining);
    }

    /// <summary>The reader of the shared framework 10.0.12. The package of 10.0.15 is said to end at 64.</summary>
    [Fact]
    public void Verify_ValuesInValues_AreBoundedWhateverTheReaderDoes() =>
        Assert.Equal("malformed-cbor", CodeOf(new TestDocument().Set("x", [.. Enumerable.Repeat((byte)0x81, 60), 0xF6]).Encode()));

    public static TheoryData<string, string, Func<TestPki>> ChainsLetThrough() => new()
    {
        { "a leaf that is an authority", "basic-constraints", () => TestPki.With(4, s => s with { IsAuthority = true }) },
        { "a leaf without digitalSignature", "key-usage", () => TestPki.With(4, s => s with { Usage = X509KeyUsageFlags.NonRepudiation }) },
        { "a leaf without keyUsage", "key-usage", () => TestPki.With(4, s => s with { Usage = null }) },
        { "an authority without keyUsage", "key-usage", () => TestPki.With(2, s => s with { Usage = null }) },
        {
            "basicConstraints that are not critical", "basic-constraints",
            () => TestPki.With(2, s => s with { IsConstraintCritical = false })
        },
        { "a signature with SHA-256", "certificate-alg", () => TestPki.With(2, s => s with { Hash = HashAlgorithmName.SHA256 }) },
        { "an authority on P-256", "certificate-alg", () => TestPki.With(2, s => s with { Curve = ECCurve.NamedCurves.nistP256 }) },
        { "any order", "cabundle-order", () => new TestPki([.. new[] { 0, 3, 1, 2, 4 }.Select(i => TestPki.Valid.Certificates[i])]) },
        { "certificates that have nothing to do with it", "untrusted-root", () => new TestPki(
            [.. TestPki.Valid.Certificates.SkipLast(1), TestPki.Issue(TestPki.Shapes()[1..]).Certificates[0], TestPki.Valid.Leaf]) },
        { "a certificate twice", "cabundle-order", () => new TestPki(
            [.. new[] { 0, 1, 2, 2, 3, 4 }.Select(i => TestPki.Valid.Certificates[i])]) },
        { "a byte behind a certificate", "certificate-parse", () => new TestPki([.. TestPki.Valid.Certificates.Select((certificate, i) =>
            i == 2 ? certificate with { Der = [.. certificate.Der, 0] } : certificate)]) },
        { "another enclave's name", "module-id", () => TestPki.With(4, s => s with { CommonName = "i-0.us-east-1.not-aws" }) },
    };

    [Theory]
    [MemberData(nameof(ChainsLetThrough), DisableDiscoveryEnumeration = true)]
    public void X509Chain_LetsThrough_WhatIsRejected(string what, string code, Func<TestPki> make)
    {
        Assert.NotEmpty(what);
        var pki = make();

        Assert.Equal(X509ChainStatusFlags.NoError, Build(pki));
        Assert.Equal(
            code,
            new AttestationVerifier(TimeProvider.System).VerifyAt(new TestDocument(pki).Encode(), Policies.Of(pki), TestPki.Now)
                .Failure?.Reason.Code());
    }

    public static TheoryData<X509ChainStatusFlags, Func<TestPki>> ChainsRefused() => new()
    {
        { X509ChainStatusFlags.InvalidBasicConstraints, () => TestPki.With(2, s => s with { IsAuthority = null }) },
        { X509ChainStatusFlags.InvalidBasicConstraints, () => TestPki.With(2, s => s with { IsAuthority = false, PathLength = null }) },
        { X509ChainStatusFlags.InvalidBasicConstraints, () => TestPki.With(2, s => s with { PathLength = 0 }) },
        { X509ChainStatusFlags.InvalidBasicConstraints, () => TestPki.With(2, s => s with { Usage = X509KeyUsageFlags.CrlSign }) },
        { X509ChainStatusFlags.HasNotSupportedCriticalExtension, () => TestPki.With(
            2, s => s with { Extensions = [new("1.3.6.1.4.1.99999.1", [5, 0], critical: true)] }) },
        { X509ChainStatusFlags.NotTimeValid, () => TestPki.With(2, s => s with { Until = TestPki.Now.AddSeconds(-1) }) },
        { X509ChainStatusFlags.NotTimeValid, () => TestPki.With(4, s => s with { Until = TestPki.Now }) }, // its last second
        { X509ChainStatusFlags.NotSignatureValid, () => new TestPki(
            [.. TestPki.Valid.Certificates.SkipLast(1), TestPki.Issue(TestPki.Shapes()).Leaf]) },
    };

    /// <summary>What is left to the platform, and what is checked twice.</summary>
    [Theory]
    [MemberData(nameof(ChainsRefused), DisableDiscoveryEnumeration = true)]
    public void X509Chain_Refuses(X509ChainStatusFlags flag, Func<TestPki> make) => Assert.True(Build(make()).HasFlag(flag));

    [Fact]
    public void GetECDsaPublicKey_KeyOfAnotherUsage_IsNull()
    {
        var pki = TestPki.With(4, s => s with { Usage = X509KeyUsageFlags.KeyAgreement });
        using var certificate = X509CertificateLoader.LoadCertificate(pki.Leaf.Der);

        Assert.Null(certificate.GetECDsaPublicKey());
    }

    /// <summary>Of what is not signed by anybody, yet: so that whoever sends a certificate decides whether there is an exception.</summary>
    [Fact]
    public void X509Chain_KeyThatIsNoPointOfItsCurve_Throws()
    {
        var leaf = TestPki.Valid.Leaf;
        byte[] der = [.. leaf.Der];
        der[der.AsSpan().IndexOf(leaf.Key.ExportParameters(includePrivateParameters: false).Q.X) + 10] ^= 1;

        var pki = new TestPki([.. TestPki.Valid.Certificates.SkipLast(1), leaf with { Der = der }]);
        Assert.ThrowsAny<CryptographicException>(() => Build(pki));
    }

    [Fact]
    public void X509Certificate2_PartsThatCannotBeRead_ThrowOnlyWhenTheyAreAskedFor()
    {
        var pki = TestPki.With(4, s => s with { Usage = null, Extensions = [new("2.5.29.15", [5, 0], critical: false)] });
        byte[] der = [.. pki.Leaf.Der];
        "xx"u8.CopyTo(der.AsSpan(der.AsSpan().IndexOf("260901"u8)));
        using var certificate = X509CertificateLoader.LoadCertificate(der);

        Assert.ThrowsAny<CryptographicException>(() => certificate.NotBefore);
        Assert.ThrowsAny<CryptographicException>(() => certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
    }

    /// <summary>A time without a zone is read as one of this machine's.</summary>
    [Fact]
    public void X509Chain_VerificationTime_GoesByItsKind()
    {
        var here = TimeZoneInfo.Local.GetUtcOffset(TestPki.Now);
        var unspecified = new DateTime(TestPki.Now.Ticks + here.Ticks, DateTimeKind.Unspecified);

        Assert.Equal(X509ChainStatusFlags.NoError, Build(TestPki.Valid, unspecified));
        Assert.Equal(X509ChainStatusFlags.NoError, Build(TestPki.Valid, TestPki.Now.LocalDateTime));
        Assert.Equal(X509ChainStatusFlags.NoError, Build(TestPki.Valid, TestPki.Now.UtcDateTime));
    }

    private static string CodeOf(byte[] document) =>
        (new AttestationVerifier(TimeProvider.System).VerifyAt(document, Policies.Pinned, TestPki.Now).Failure?.Reason
            ?? AttestationReason.None).Code();

    private static X509ChainStatusFlags Build(TestPki pki, DateTime? at = null)
    {
        using var chain = new X509Chain
        {
            ChainPolicy =
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                RevocationMode = X509RevocationMode.NoCheck,
                DisableCertificateDownloads = true,
                VerificationTime = at ?? TestPki.Now.UtcDateTime,
            },
        };
        chain.ChainPolicy.CustomTrustStore.Add(X509CertificateLoader.LoadCertificate(pki.CaBundle[0]));
        foreach (var der in pki.CaBundle.Skip(1))
            chain.ChainPolicy.ExtraStore.Add(X509CertificateLoader.LoadCertificate(der));
        using var leaf = X509CertificateLoader.LoadCertificate(pki.Leaf.Der);
        chain.Build(leaf);
        return chain.ChainStatus.Aggregate(X509ChainStatusFlags.NoError, (flags, status) => flags | status.Status);
    }
}
