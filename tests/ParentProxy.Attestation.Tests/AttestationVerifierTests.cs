using System.Security.Cryptography;
using System.Security.Cryptography.Cose;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

public sealed class AttestationVerifierTests
{
    private readonly AttestationVerifier _verifier = new(TimeProvider.System);

    public static TheoryData<string, Action<TestDocument>> Accepted() => new()
    {
        { "as since 2025", _ => { } },
        { "as until 2025", d => d.IsIndefinite = false },
        { "keys the other way round", d => d.Fields.Reverse() },
        { "a key that nobody knows", d => d.Set("x", Item.Hex("A18101A2616183F5C100F92345626363F6")) },
        { "a key that nobody knows, as deep as may be", d => d.Set("x", Item.Hex("81818181818180")) },
        { "timestamp in a shorter form", d => d.Set("timestamp", Item.Number(TestPki.Now.ToUnixTimeMilliseconds())) },
        { "without what is optional", d => d.Remove("public_key").Remove("user_data") },
        { "empty public key and user data", d => d.Set("public_key", Item.Bytes([])).Set("user_data", Item.Bytes([])) },
        {
            "public key and user data of 1024 bytes",
            d => d.Set("public_key", Item.Bytes(new byte[1024])).Set("user_data", Item.Bytes(new byte[1024]))
        },
        { "32 PCRs", d => d.SetPcrs(pcrs => Enumerable.Range(16, 16).ToList().ForEach(i => pcrs[i] = new byte[48])) },
        { "the pinned PCRs alone", d => d.SetPcrs(pcrs => pcrs.Keys.Where(i => i > 2).ToList().ForEach(i => pcrs.Remove(i))) },
        { "PCRs in another order, of indefinite length", d => d.Set("pcrs", Item.Map(
            TestDocument.Pcrs().Reverse().Select(pcr => (Item.Number(pcr.Key), Item.Bytes(pcr.Value))), isIndefinite: true)) },
        { "PCR0 in a longer form", d => d.Set("pcrs", Item.Map(
            TestDocument.Pcrs().Select(pcr => ((byte[])[0x18, (byte)pcr.Key], Item.Bytes(pcr.Value))))) },
        { "PCR9 zero", d => d.SetPcrs(pcrs => pcrs[9] = new byte[48]) },
        { "s the other half of the order", d => d.AfterSigning = OtherHalf },
    };

    [Theory]
    [MemberData(nameof(Accepted), DisableDiscoveryEnumeration = true)]
    public void Verify_AnyFormThatSecurityModulesMayWrite_IsVerified(string what, Action<TestDocument> change)
    {
        Assert.NotEmpty(what);
        var document = new TestDocument();
        change(document);

        var untagged = _verifier.VerifyAt(document.Encode(), Policies.Pinned, TestPki.Now);
        var tagged = _verifier.VerifyAt((byte[])[0xD2, .. document.Encode()], Policies.Pinned, TestPki.Now);

        Assert.Null(untagged.Failure);
        Assert.Equal(AttestationVerdict.Verified, untagged.Verdict);
        Assert.Equal(AttestationVerdict.Verified, tagged.Verdict);
    }

    /// <summary>By the library, not by <see cref="TestDocument"/>: both read the RFC alike.</summary>
    [Fact]
    public void Verify_SignedByAnotherWriter_IsVerified()
    {
        var signer = new CoseSigner(TestPki.Valid.Leaf.Key, HashAlgorithmName.SHA384);
        var bytes = CoseSign1Message.SignEmbedded(new TestDocument().PayloadBytes(), signer);

        Assert.Equal(AttestationVerdict.Verified, _verifier.VerifyAt(bytes, Policies.Pinned, TestPki.Now).Verdict);
    }

    [Fact]
    public void Verify_OfOneThatHolds_SaysWhatTheDocumentSays()
    {
        var document = new TestDocument().Set("public_key", Item.Bytes([1, 2])).Set("user_data", Item.Bytes([]));

        var said = _verifier.VerifyAt(document.Encode(), Policies.Pinned, TestPki.Now).Document!;

        Assert.Equal(TestPki.ModuleId, said.ModuleId);
        Assert.Equal(TestPki.Now, said.Timestamp);
        Assert.Equal(TestDocument.Pcrs().Keys, said.Pcrs.Keys.Order());
        Assert.All(TestDocument.Pcrs(), pcr => Assert.Equal(pcr.Value, said.Pcrs[pcr.Key].ToArray()));
        Assert.Equal(TestPki.Valid.Leaf.Der, said.Certificate.ToArray());
        Assert.Equal(TestPki.Valid.CaBundle, said.CaBundle.Select(der => der.ToArray()));
        Assert.Equal([1, 2], said.PublicKey!.Value.ToArray());
        Assert.Equal([], said.UserData!.Value.ToArray());
        Assert.Equal(TestDocument.Nonce, said.Nonce!.Value.ToArray());
        Assert.False(said.IsDebug);
    }

    [Theory]
    [InlineData(0, "none")]
    [InlineData(300_000, "none")] // MaxAge
    [InlineData(300_001, "freshness")]
    [InlineData(-10_000, "none")] // ClockSkew
    [InlineData(-10_001, "freshness")]
    public void Verify_Age_IsAllowedToTheMillisecond(int milliseconds, string code)
    {
        var document = new TestDocument().Set("timestamp", Item.Number(TestPki.Now.ToUnixTimeMilliseconds() - milliseconds));

        Assert.Equal(code, CodeOf(document.Encode(), Policies.Pinned, TestPki.Now));
    }

    [Theory]
    [InlineData(10, "none")] // ClockSkew
    [InlineData(11, "validity")]
    [InlineData(-1, "none")]
    public void Verify_LeafThatBeginsLater_IsAllowedByTheSkew(int seconds, string code)
    {
        var pki = TestPki.With(4, shape => shape with { From = TestPki.Now.AddSeconds(seconds) });

        Assert.Equal(code, CodeOf(new TestDocument(pki).Encode(), Policies.Of(pki), TestPki.Now));
    }

    /// <summary>A clock that is behind would see it valid for longer: the skew must not add to that.</summary>
    [Theory]
    [InlineData(1, "none")]
    [InlineData(0, "validity")]
    public void Verify_LeafThatHasEnded_IsNotAllowedByTheSkew(int seconds, string code)
    {
        var pki = TestPki.With(4, shape => shape with { Until = TestPki.Now.AddSeconds(seconds) });

        Assert.Equal(code, CodeOf(new TestDocument(pki).Encode(), Policies.Of(pki), TestPki.Now));
    }

    [Fact]
    public void Verify_SkewBeyondAllDates_IsNoException()
    {
        var policy = Policies.Pinned with { ClockSkew = TimeSpan.MaxValue, MaxAge = TimeSpan.MaxValue };

        Assert.Equal("none", CodeOf(new TestDocument().Encode(), policy, TestPki.Now));
        Assert.Equal("validity", CodeOf(new TestDocument().Encode(), policy, DateTimeOffset.MaxValue));
        Assert.Equal("none", CodeOf(new TestDocument().Encode(), policy, DateTimeOffset.MinValue));
    }

    [Fact]
    public void Verify_TheSameMomentInAnotherZone_IsTheSame()
    {
        var document = new TestDocument().Encode();
        foreach (var hours in new[] { -12, 0, 9, 14 })
            Assert.Equal("none", CodeOf(document, Policies.Pinned, TestPki.Now.ToOffset(TimeSpan.FromHours(hours))));
    }

    [Fact]
    public void Verify_ByTheClock_AsksTheProvider()
    {
        var verifier = new AttestationVerifier(new FixedTime(TestPki.Now));

        Assert.Equal(AttestationVerdict.Verified, verifier.Verify(new TestDocument().Encode(), Policies.Pinned).Verdict);
    }

    /// <summary>The first fault in the order of the checks is told: each document has all faults from one on.</summary>
    [Fact]
    public void Verify_SeveralFaults_TellsTheFirstInOrder()
    {
        var shapes = TestPki.Shapes();
        shapes[3] = shapes[3] with { IsAuthority = false, PathLength = null };
        shapes[4] = shapes[4] with { Until = TestPki.Now.AddSeconds(-1) };
        var pki = TestPki.Issue(shapes);
        (string Code, Action<TestDocument> Fault)[] faults =
        [
            ("alg", d => d.Protected = Item.Hex("A10126")),
            ("unprotected-header", d => d.Unprotected = Item.Hex("A1044161")),
            ("wrong-document-type", d => d.Set("nitrotpm_pcrs", Item.Map([]))),
            ("digest", d => d.Set("digest", Item.Text("SHA1"))),
            ("pcr-length", d => d.SetPcrs(pcrs => pcrs[0] = new byte[47])),
            ("untrusted-root", d => d.Set("cabundle", Item.Array(TestPki.Valid.CaBundle.Select(der => Item.Bytes(der))))),
        ];
        for (var first = 0; first < faults.Length; first++)
        {
            var document = new TestDocument(pki) { AfterSigning = _ => new byte[96] };
            foreach (var (_, fault) in faults[first..])
                fault(document);
            Assert.Equal(faults[first].Code, CodeOf(document.Encode(), Policies.Of(pki), TestPki.Now));
        }

        var unsigned = new TestDocument(pki) { AfterSigning = _ => new byte[96] }.Encode();
        Assert.Equal("basic-constraints", CodeOf(unsigned, Policies.Of(pki), TestPki.Now));

        // And what is asked for by the policy: signature, age, debug mode, PCRs, nonce.
        (string Code, Action<TestDocument> Fault)[] wishes =
        [
            ("cose-signature", d => d.AfterSigning = _ => new byte[96]),
            ("freshness", d => d.Set("timestamp", Item.Number(1))),
            ("debug-mode", d => d.SetPcrs(pcrs => pcrs[0] = new byte[48])),
            ("pcr-mismatch", d => d.SetPcrs(pcrs => pcrs[1] = pcrs[0])),
            ("nonce", d => d.Set("nonce", Item.Null)),
        ];
        for (var first = 0; first < wishes.Length; first++)
        {
            var document = new TestDocument();
            foreach (var (_, fault) in wishes[first..].Reverse())
                fault(document);
            Assert.Equal(wishes[first].Code, CodeOf(document.Encode(), Policies.Pinned, TestPki.Now));
        }
    }

    [Fact]
    public void Verify_NothingPinned_IsNeverVerified()
    {
        var result = _verifier.VerifyAt(new TestDocument().Encode(), Policies.Pinned with { Pins = PcrPins.None }, TestPki.Now);

        Assert.Equal(AttestationVerdict.Unpinned, result.Verdict);
        Assert.NotNull(result.Document);
    }

    [Fact]
    public void Verify_WithoutPcr0_IsRejectedEvenIfItIsNotPinned()
    {
        var document = new TestDocument().SetPcrs(pcrs => pcrs.Remove(0)).Encode();

        Assert.Equal("pcr-count", CodeOf(document, Policies.Pinned with { Pins = PcrPins.None }, TestPki.Now));
        Assert.Equal("pcr-count", CodeOf(document, Policies.Pinned with { Pins = Policies.Pin(1) }, TestPki.Now));
        Assert.Equal("pcr-mismatch", CodeOf(document, Policies.Pinned, TestPki.Now));
    }

    [Fact]
    public void Verify_SeveralValuesPinned_OneIsEnough()
    {
        var pcrs = TestDocument.Pcrs();
        var (ours, other) = (Convert.ToHexString(pcrs[0]), new string('b', 96));
        var document = new TestDocument().Encode();

        Assert.Equal("none", CodeOf(document, Pinned((0, [other, ours])), TestPki.Now));
        Assert.Equal("pcr-mismatch", CodeOf(document, Pinned((0, [other, new string('c', 96)])), TestPki.Now));
        Assert.Equal("pcr-mismatch", CodeOf(document, Pinned((0, [ours]), (1, [ours])), TestPki.Now));

        static AttestationPolicy Pinned(params (int Index, string[] Values)[] pins) => Policies.Pinned with
        {
            Pins = PcrPins.Create(pins.Select(pin => KeyValuePair.Create<int, IReadOnlyList<string>>(pin.Index, pin.Values))),
        };
    }

    [Fact]
    public void Verify_DebugAllowed_IsUnpinnedAndComparesWhatDebugModeLeaves()
    {
        var document = new TestDocument().SetPcrs(pcrs => pcrs[0] = pcrs[1] = pcrs[2] = pcrs[8] = new byte[48]).Encode();
        var policy = Policies.Pinned with { AllowDebug = true, Pins = Policies.Pin(0, 1, 2, 4, 8) };

        var result = _verifier.VerifyAt(document, policy, TestPki.Now);

        Assert.Equal(AttestationVerdict.Unpinned, result.Verdict);
        Assert.True(result.IsDebug);
        var other = new TestDocument().SetPcrs(pcrs => pcrs[0] = pcrs[1] = pcrs[2] = pcrs[4] = new byte[48]).Encode();
        Assert.Equal("pcr-mismatch", CodeOf(other, policy, TestPki.Now));
    }

    [Fact]
    public void Verify_DebugAllowedAndNone_ComparesAll()
    {
        var policy = Policies.Pinned with { AllowDebug = true };
        var other = new TestDocument().SetPcrs(pcrs => pcrs[0][0] ^= 1).Encode();

        Assert.Equal(AttestationVerdict.Verified, _verifier.VerifyAt(new TestDocument().Encode(), policy, TestPki.Now).Verdict);
        Assert.Equal("pcr-mismatch", CodeOf(other, policy, TestPki.Now));
    }

    [Fact]
    public void Verify_NoNonceAskedFor_TakesAny()
    {
        var policy = Policies.Pinned with { Nonce = null };

        Assert.Equal("none", CodeOf(new TestDocument().Encode(), policy, TestPki.Now));
        Assert.Equal("none", CodeOf(new TestDocument().Set("nonce", Item.Null).Encode(), policy, TestPki.Now));
    }

    /// <summary>Which is what becomes of <c>condition ? bytes : null</c>.</summary>
    [Fact]
    public void Verify_EmptyNonceAskedFor_IsNotNone()
    {
        var policy = Policies.Pinned with { Nonce = ReadOnlyMemory<byte>.Empty };

        Assert.Equal("nonce", CodeOf(new TestDocument().Encode(), policy, TestPki.Now));
    }

    [Fact]
    public void Verify_ByTheRootOfAws_IsRejected()
    {
        var result = _verifier.VerifyAt(new TestDocument().Encode(), Policies.Pinned with { Root = TrustAnchor.AwsG1 }, TestPki.Now);

        Assert.Equal(AttestationReason.UntrustedRoot, result.Failure?.Reason);
        Assert.Contains("root of AWS", result.Failure!.Message, StringComparison.Ordinal);
    }

    /// <summary>The root of AWS is public: anybody can put it first.</summary>
    [Fact]
    public void Verify_RootOfAwsInFrontOfAnotherChain_IsRejected()
    {
        var aws = TrustAnchor.AwsG1.Certificate;
        var bundle = Item.Array([Item.Bytes(aws.RawData), .. TestPki.Valid.CaBundle.Skip(1).Select(der => Item.Bytes(der))]);
        var document = new TestDocument().Set("cabundle", bundle).Encode();

        Assert.Equal("chain-incomplete", CodeOf(document, Policies.Pinned with { Root = TrustAnchor.AwsG1 }, TestPki.Now));
    }

    [Fact]
    public void Verify_LeafRenewedUnderTheSameModule_IsVerified()
    {
        var renewed = new TestPki(
        [
            .. TestPki.Valid.Certificates.SkipLast(1),
            TestCertificate.Issue(
                TestPki.Shapes()[4] with { From = TestPki.Now.AddMinutes(-1), Until = TestPki.Now.AddHours(3) },
                TestPki.Valid.Certificates[3]),
        ]);
        Assert.Equal("none", CodeOf(new TestDocument().Encode(), Policies.Pinned, TestPki.Now));

        Assert.Equal("none", CodeOf(new TestDocument(renewed).Encode(), Policies.Pinned, TestPki.Now));

        // The old one's document is not the new one's, and the other way round.
        var mixed = new TestDocument(renewed) { Key = TestPki.Valid.Leaf.Key };
        Assert.Equal("cose-signature", CodeOf(mixed.Encode(), Policies.Pinned, TestPki.Now));
    }

    [Fact]
    public void Verify_PolicyMissing_Throws() =>
        Assert.Throws<ArgumentNullException>(() => _verifier.VerifyAt(new TestDocument().Encode(), null!, TestPki.Now));

    /// <summary>What the document says goes to logs and terminals.</summary>
    [Fact]
    public void Verify_NamesThatAreNoText_AreNotInTheMessage()
    {
        var pki = TestPki.With(4, shape => shape with { IssuerName = "evil\u001b[2J\nlevel=fatal", Extensions = [] });
        var document = new TestDocument(pki);

        var failure = _verifier.VerifyAt(document.Encode(), Policies.Of(pki), TestPki.Now).Failure!;

        Assert.Equal(AttestationReason.IssuerMismatch, failure.Reason);
        Assert.DoesNotContain(failure.Message, char.IsControl);
    }

    [Fact]
    public void Code_OfEveryReason_IsAWordOfItsOwn()
    {
        var codes = Enum.GetValues<AttestationReason>().Select(reason => reason.Code()).ToList();

        Assert.Equal(codes.Distinct(), codes);
        Assert.All(codes, code => Assert.Matches("^[a-z0-9]+(-[a-z0-9]+)*$", code));
        Assert.Throws<ArgumentOutOfRangeException>(() => ((AttestationReason)codes.Count).Code());
    }

    private string CodeOf(byte[] document, AttestationPolicy policy, DateTimeOffset now) =>
        (_verifier.VerifyAt(document, policy, now).Failure?.Reason ?? AttestationReason.None).Code();

    private static byte[] OtherHalf(byte[] signature)
    {
        var order = new System.Numerics.BigInteger(
            Item.Hex("FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFC7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973"),
            isUnsigned: true,
            isBigEndian: true);
        var s = (order - new System.Numerics.BigInteger(signature.AsSpan(48), isUnsigned: true, isBigEndian: true))
            .ToByteArray(isUnsigned: true, isBigEndian: true);
        return [.. signature[..48], .. new byte[48 - s.Length], .. s];
    }

    private sealed class FixedTime(DateTimeOffset now) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => now;
    }
}
