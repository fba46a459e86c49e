namespace ParentProxy.Fuzz;

/// <summary>A receive buffer that is filled piece by piece.</summary>
/// <param name="input">All there will be.</param>
/// <param name="ends">Where the pieces end, in order.</param>
internal sealed class Pieces(byte[] input, int[] ends)
{
    private int _next;
    private int _filled;

    /// <summary>How much was consumed.</summary>
    public int Position { get; private set; }

    /// <summary>What is there and not consumed.</summary>
    public ReadOnlySpan<byte> Rest => input.AsSpan(Position, _filled - Position);

    /// <summary>Consumes.</summary>
    public void Advance(int count)
    {
        if (count < 0 || count > _filled - Position)
            throw new FindingException($"{count} of {_filled - Position} bytes consumed");
        Position += count;
    }

    /// <summary>Receives the next piece; false at the end.</summary>
    public bool TryGetMore()
    {
        if (_next == ends.Length)
            return false;
        _filled = ends[_next++];
        return true;
    }
}
