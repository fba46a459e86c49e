namespace ParentProxy.Tests.Http1;

/// <summary>The ways in which bytes may come: all at once, one by one, and in two pieces cut at every point.</summary>
internal static class Splits
{
    /// <summary>For each way, the ends of its pieces; the last is <paramref name="length"/>.</summary>
    public static IEnumerable<int[]> Of(int length)
    {
        yield return [length];
        yield return [.. Enumerable.Range(1, length)];
        for (var cut = 1; cut < length; cut++)
            yield return [cut, length];
    }
}
