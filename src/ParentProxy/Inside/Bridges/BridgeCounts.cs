namespace ParentProxy.Inside.Bridges;

/// <summary>What is counted of one address, or of all that have one label; goes on when the address is closed and opened again.</summary>
internal sealed class BridgeCounts
{
    private readonly long[] _over = new long[BridgeResults.All.Count];
    private long _open;
    private long _in;
    private long _out;

    /// <summary>Connections that are open.</summary>
    public long Open => Interlocked.Read(ref _open);

    /// <summary>Bytes that went to the program inside, PROXY headers included, to the second.</summary>
    public long In => Interlocked.Read(ref _in);

    /// <summary>Bytes that came from the program inside, to the second.</summary>
    public long Out => Interlocked.Read(ref _out);

    /// <summary>Connections that came to this.</summary>
    public long Of(BridgeResult result) => Interlocked.Read(ref _over[(int)result]);

    /// <summary>A connection was accepted.</summary>
    public void OnOpened() => Interlocked.Increment(ref _open);

    /// <summary>A connection that was accepted is over.</summary>
    public void OnOver(BridgeResult result)
    {
        Count(result);
        Interlocked.Decrement(ref _open);
    }

    /// <summary>A connection was closed at once.</summary>
    public void Count(BridgeResult result) => Interlocked.Increment(ref _over[(int)result]);

    /// <summary>So many bytes more were carried each way.</summary>
    public void Add(long @in, long @out)
    {
        if (@in != 0)
            Interlocked.Add(ref _in, @in);
        if (@out != 0)
            Interlocked.Add(ref _out, @out);
    }
}
