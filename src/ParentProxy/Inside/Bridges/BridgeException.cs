namespace ParentProxy.Inside.Bridges;

/// <summary>A connection is to be closed before anything is carried.</summary>
/// <param name="result">What it is counted as.</param>
/// <param name="code">Why in one word: an errno by name, a status.</param>
/// <param name="reason">Why, and what to do, for the log.</param>
internal sealed class BridgeException(BridgeResult result, string code, string reason) : Exception(reason)
{
    /// <summary>What it is counted as.</summary>
    public BridgeResult Result => result;

    /// <summary>Why in one word; of such words there are not many.</summary>
    public string Code => code;
}
