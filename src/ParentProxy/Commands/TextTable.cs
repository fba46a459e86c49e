namespace ParentProxy.Commands;

/// <summary>Rows in columns, for a terminal.</summary>
internal static class TextTable
{
    /// <summary>A line for each row; cells that a row lacks are empty.</summary>
    /// <param name="rows">The rows.</param>
    /// <param name="indent">What stands before each.</param>
    public static IEnumerable<string> Lines(IEnumerable<IReadOnlyList<string>> rows, string indent = "  ")
    {
        var all = rows.ToList();
        var columns = all.Count == 0 ? 0 : all.Max(row => row.Count);
        var widths = Enumerable.Range(0, columns).Select(column => all.Max(row => row.ElementAtOrDefault(column)?.Length ?? 0)).ToList();
        return all.Select(row => (indent + string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column])))).TrimEnd());
    }
}
