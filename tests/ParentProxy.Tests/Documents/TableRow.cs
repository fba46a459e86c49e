using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>A row of a table, without the header.</summary>
/// <param name="Header">The first cell of the header.</param>
/// <param name="Cells">Its cells.</param>
internal sealed partial record TableRow(string Header, IReadOnlyList<string> Cells)
{
    /// <summary>What its first cell has as code.</summary>
    public IReadOnlyList<string> Names => [.. Code().Matches(Cells[0]).Select(match => match.Groups[1].Value)];

    /// <summary>A cell without the marks of code.</summary>
    public string Plain(int cell) => Cells[cell].Replace("`", "", StringComparison.Ordinal);

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
