using ParentProxy.Tests.Configuration;

namespace ParentProxy.Tests.Documents;

/// <summary>docs/enclave.md lists every setting and flag of the program inside an enclave, and no other.</summary>
public sealed class InsideReferenceTests
{
    internal const string Reference = "docs/enclave.md";

    [Fact]
    public void EveryKey_HasARow_AndEveryRowIsAKey()
    {
        var keys = InsideTests.Keys
            .Where(key => key.StartsWith("Enclave:", StringComparison.Ordinal))
            .Where(key => !InsideTests.Keys.Any(other => other.StartsWith(key + ':', StringComparison.Ordinal)))
            .Select(key => key["Enclave:".Length..].Replace(":*", "", StringComparison.Ordinal));
        var rows = Repository.Document(Reference).RowsBelow("Settings").SelectMany(row => row.Names);

        Assert.Equal(keys.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal));
    }
}
