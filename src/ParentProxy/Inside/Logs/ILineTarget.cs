namespace ParentProxy.Inside.Logs;

/// <summary>Takes lines at once, or not at all.</summary>
internal interface ILineTarget
{
    /// <param name="lines">Whole lines, each with its LF; copied.</param>
    /// <param name="count">How many they are.</param>
    void Add(ReadOnlySpan<byte> lines, int count);
}
