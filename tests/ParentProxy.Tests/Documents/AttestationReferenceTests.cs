using ParentProxy.Attestation;

namespace ParentProxy.Tests.Documents;

/// <summary>docs/attestation.md has every reason for which a document is rejected, and no other.</summary>
public sealed class AttestationReferenceTests
{
    private static readonly Document Reference = Repository.Document("docs/attestation.md");

    [Fact]
    public void EveryReason_IsInTheTable_InTheOrderOfTheChecks() => Assert.Equal(
        Enum.GetValues<AttestationReason>().Select(reason => reason.Code()),
        Reference.RowsBelow("Reason codes").Select(row => row.Names[0]));

    [Fact]
    public void EveryReason_IsThatOfACheck()
    {
        var named = Reference.CodeBelow("What is checked, in order").ToHashSet();

        Assert.Equal([], Enum.GetValues<AttestationReason>().Skip(1).Select(reason => reason.Code()).Where(code => !named.Contains(code)));
    }
}
