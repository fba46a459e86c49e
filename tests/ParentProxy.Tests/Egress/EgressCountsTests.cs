using ParentProxy.Configuration;
using ParentProxy.Egress;

namespace ParentProxy.Tests.Egress;

public sealed class EgressCountsTests
{
    [Fact]
    public void Count_LinesOfAnAllowlistFile_AreOneRuleWhateverItIsCalled()
    {
        var counts = new EgressCounts();

        counts.Count("l", new EgressRuleOptions("Egress.yaml:7", null, null, []) { IsOfFile = true }, EgressResult.Ok);
        counts.Count("l", new EgressRuleOptions("Egress.yaml:8", null, null, []) { IsOfFile = true }, EgressResult.Ok);
        counts.Count("l", new EgressRuleOptions("Egress:Allow:0", null, null, []), EgressResult.Ok);
        counts.Count("l", EgressCounts.NoRule, EgressResult.Denied);

        Assert.Equal(
            [
                ("l", "Egress.yaml", EgressResult.Ok, 2), ("l", "Egress:Allow:0", EgressResult.Ok, 1), ("l", "none", EgressResult.Denied, 1),
            ],
            counts.Results.OrderBy(one => one.Rule, StringComparer.Ordinal));
    }
}
