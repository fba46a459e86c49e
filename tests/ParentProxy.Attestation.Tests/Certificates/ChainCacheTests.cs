using ParentProxy.Attestation.Certificates;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests.Certificates;

public sealed class ChainCacheTests
{
    private readonly AttestationVerifier _verifier = new(TimeProvider.System);

    [Fact]
    public void Verify_ChainThatWasSeen_DoesNotOutliveItself()
    {
        var policy = Policies.Pinned with { MaxAge = TimeSpan.MaxValue };
        var document = new TestDocument().Encode();
        Assert.Null(_verifier.VerifyAt(document, policy, TestPki.Now).Failure);

        var end = TestPki.Now.AddMinutes(160);
        Assert.Null(_verifier.VerifyAt(document, policy, end.AddMilliseconds(-1)).Failure);
        Assert.Equal(AttestationReason.Validity, _verifier.VerifyAt(document, policy, end).Failure?.Reason);
        Assert.Equal(AttestationReason.Validity, _verifier.VerifyAt(document, policy, TestPki.Now.AddYears(1)).Failure?.Reason);
        Assert.Equal(AttestationReason.Validity, _verifier.VerifyAt(document, policy, TestPki.Now.AddDays(-1)).Failure?.Reason);
    }

    [Fact]
    public void Verify_ChainThatWasSeen_IsNotOfAnotherRoot()
    {
        var document = new TestDocument().Encode();
        Assert.Null(_verifier.VerifyAt(document, Policies.Pinned, TestPki.Now).Failure);

        var other = Policies.Pinned with { Root = TestPki.Issue(TestPki.Shapes()).Root };
        Assert.Equal(AttestationReason.UntrustedRoot, _verifier.VerifyAt(document, other, TestPki.Now).Failure?.Reason);
    }

    [Fact]
    public void Verify_ChainThatWasSeen_ChecksSignatureModuleAndPolicyAgain()
    {
        Assert.Null(_verifier.VerifyAt(new TestDocument().Encode(), Policies.Pinned, TestPki.Now).Failure);

        Assert.Equal(AttestationReason.CoseSignature, Reason(document => document.AfterSigning = _ => new byte[96]));
        Assert.Equal(AttestationReason.ModuleId, Reason(document => document.Set("module_id", Item.Text("i-0"))));
        Assert.Equal(AttestationReason.Nonce, Reason(document => document.Set("nonce", Item.Null)));
        Assert.Equal(AttestationReason.PcrMismatch, Reason(document => document.SetPcrs(pcrs => pcrs[0][0] ^= 1)));

        AttestationReason? Reason(Action<TestDocument> change)
        {
            var document = new TestDocument();
            change(document);
            return _verifier.VerifyAt(document.Encode(), Policies.Pinned, TestPki.Now).Failure?.Reason;
        }
    }

    /// <summary>A chain that was seen too early, within the skew, or was rejected, is not remembered as more than that.</summary>
    [Fact]
    public void Verify_ChainThatWasSeenWithinTheSkew_IsNotAllowedWithALesserSkew()
    {
        var pki = TestPki.With(4, shape => shape with { From = TestPki.Now.AddSeconds(5) });
        var document = new TestDocument(pki).Encode();
        Assert.Null(_verifier.VerifyAt(document, Policies.Of(pki), TestPki.Now).Failure);

        var strict = Policies.Of(pki) with { ClockSkew = TimeSpan.Zero };
        Assert.Equal(AttestationReason.Validity, _verifier.VerifyAt(document, strict, TestPki.Now).Failure?.Reason);
    }

    [Fact]
    public void Verify_ChainThatWasRejected_IsRejectedAgain()
    {
        var pki = new TestPki([.. TestPki.Valid.Certificates.SkipLast(1), TestPki.Issue(TestPki.Shapes()).Leaf]);
        var document = new TestDocument(pki).Encode();

        for (var i = 0; i < 2; i++)
            Assert.Equal(AttestationReason.ChainSignature, _verifier.VerifyAt(document, Policies.Pinned, TestPki.Now).Failure?.Reason);
    }

    /// <summary>The same bytes cut in other places are another chain.</summary>
    [Fact]
    public void KeyOf_CertificatesCutInOtherPlaces_IsAnother()
    {
        var whole = Read(document => document.Set("cabundle", Item.Array([Item.Bytes([1, 2]), Item.Bytes([3])])));
        var cut = Read(document => document.Set("cabundle", Item.Array([Item.Bytes([1]), Item.Bytes([2, 3])])));
        var moved = Read(document => document.Set("cabundle", Item.Array([Item.Bytes([1, 2, 3])])));

        Assert.Equal(3, new[] { whole, cut, moved }.Select(ChainCache.KeyOf).Distinct().Count());
        Assert.Equal(ChainCache.KeyOf(whole), ChainCache.KeyOf(whole));
    }

    [Fact]
    public void Add_MoreThanThereIsRoomFor_ForgetsTheOldest()
    {
        var cache = new ChainCache();
        var chain = new TrustedChain(new Validity([]), "", TestPki.Valid.Leaf.Key);
        for (var i = 0; i <= 256; i++)
        {
            cache.Add($"{i}", chain);
            cache.Add($"{i}", chain); // what two threads found at once takes one place
        }

        Assert.Null(cache.Find("0"));
        Assert.Same(chain, cache.Find("1"));
        Assert.Same(chain, cache.Find("256"));
    }

    [Fact]
    public async Task Verify_FromManyThreads_IsTheSame()
    {
        var chains = Enumerable.Range(0, 4).Select(_ => TestPki.Issue(TestPki.Shapes())).ToList();
        var good = chains.Select(pki => new TestDocument(pki).Encode()).ToList();
        var bad = chains.Select(pki => new TestDocument(pki) { AfterSigning = _ => new byte[96] }.Encode()).ToList();

        await Parallel.ForAsync(0, 400, new ParallelOptions { MaxDegreeOfParallelism = 8 }, (i, _) =>
        {
            var policy = Policies.Of(chains[i % 4]);
            Assert.Equal(AttestationVerdict.Verified, _verifier.VerifyAt(good[i % 4], policy, TestPki.Now).Verdict);
            Assert.Equal(AttestationReason.CoseSignature, _verifier.VerifyAt(bad[i % 4], policy, TestPki.Now).Failure?.Reason);
            return ValueTask.CompletedTask;
        });
    }

    private static AttestationDocument Read(Action<TestDocument> change)
    {
        var document = new TestDocument();
        change(document);
        Assert.True(AttestationDocument.TryRead(document.Encode(), out var read, out var failure), failure?.Message);
        return read;
    }
}
