using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

public sealed class PcrPinsTests
{
    private static readonly string Value = new('a', 96);

    [Fact]
    public void Create_EitherCase_IsTheSameValue()
    {
        var measured = Convert.ToHexString(TestDocument.Pcrs()[0]);
        var document = new TestDocument().Encode();
        foreach (var text in new[] { measured, measured.ToLowerInvariant() })
        {
            var policy = Policies.Pinned with { Pins = PcrPins.Create([new(0, [text])]) };
            Assert.Equal(
                AttestationVerdict.Verified, new AttestationVerifier(TimeProvider.System).VerifyAt(document, policy, TestPki.Now).Verdict);
        }
    }

    [Fact]
    public void Indexes_AreInOrder_WithoutThoseThatHaveNoValue() =>
        Assert.Equal([0, 3, 31], PcrPins.Create([new(31, [Value]), new(5, []), new(0, [Value, Value]), new(3, [Value])]).Indexes);

    [Fact]
    public void IsEmpty_NothingPinned_IsTrue()
    {
        Assert.True(PcrPins.None.IsEmpty);
        Assert.True(PcrPins.Create([new(0, [])]).IsEmpty);
        Assert.False(PcrPins.Create([new(0, [Value])]).IsEmpty);
    }

    public static TheoryData<int, string> Wrong() => new()
    {
        { -1, Value },
        { 32, Value },
        { 0, "" },
        { 0, Value[..95] },
        { 0, Value + "a" },
        { 0, new string('a', 64) }, // SHA-256
        { 0, new string('g', 96) },
        { 0, new string('０', 96) }, // digits, but of another script
        { 0, new string('0', 96) },
        { 0, "0x" + Value[..94] },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void Create_NoValue_Throws(int index, string text) =>
        Assert.Contains(
            index.ToString(System.Globalization.CultureInfo.InvariantCulture),
            Assert.Throws<FormatException>(() => PcrPins.Create([new(index, [text])])).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Create_IndexTwice_Throws() =>
        Assert.Throws<FormatException>(() => PcrPins.Create([new(0, [Value]), new(0, [Value])]));
}
