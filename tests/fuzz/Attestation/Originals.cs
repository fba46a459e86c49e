using ParentProxy.Attestation.Tests.Support;
using ParentProxy.Attestation.Tests.Vectors;

namespace ParentProxy.Fuzz.Attestation;

/// <summary>The documents that are mutated: several shapes of a throw-away PKI's, and the vectors where they are present.</summary>
internal static class Originals
{
    /// <summary>Makes and reads them.</summary>
    public static Original[] All()
    {
        var valid = TestPki.Valid;
        var renewed = new TestPki(
            [.. valid.Certificates.SkipLast(1), TestCertificate.Issue(TestPki.Shapes()[4], valid.Certificates[3])]);
        var neighbour = new TestPki(
        [
            .. valid.Certificates.SkipLast(1),
            TestCertificate.Issue(
                TestPki.Shapes()[4] with { CommonName = "i-0123456789abcdef0-enc0fedcba987654321.us-east-1.not-aws" },
                valid.Certificates[3]),
        ]);
        return
        [
            Ours(valid, _ => { }),
            Ours(valid, d => d.IsIndefinite = false),
            Ours(valid, d => d.SetPcrs(pcrs => Enumerable.Range(16, 16).ToList().ForEach(i => pcrs[i] = new byte[48]))),
            Ours(valid, d => d.Set("user_data", Item.Bytes(new byte[700])).Set("public_key", Item.Bytes(new byte[120]))),
            Ours(valid, d => d.Remove("public_key").Remove("user_data").Set("x", Item.Hex("A18101A2616183F5C100F92345626363F6"))),
            Ours(valid, d => d.SetPcrs(pcrs => pcrs[0] = pcrs[1] = pcrs[2] = pcrs[8] = new byte[48])),
            Ours(valid, d => d.SetPcrs(pcrs => pcrs[1][0] ^= 1)),
            Ours(renewed, _ => { }),
            Ours(neighbour, d => d.Set("module_id", Item.Text("i-0123456789abcdef0-enc0fedcba987654321"))),
            Ours(TestPki.Issue(TestPki.Shapes()), _ => { }),
            .. Vector.ReadAll().Where(vector => SignedPart.Of(vector.Bytes()) is not null)
                .Select(vector => new Original(vector.Bytes(), Key: null, vector.Policy(), vector.At)),
        ];
    }

    private static Original Ours(TestPki pki, Action<TestDocument> change)
    {
        var document = new TestDocument(pki);
        change(document);
        return new Original(document.Encode(), pki.Leaf.Key, Policies.Of(pki), TestPki.Now);
    }
}
