using System.Buffers;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>What one collection gave, in memory of the pool until the last who sends it is done.</summary>
internal sealed class Exposition
{
    private readonly byte[] _rented;
    private readonly int _length;
    private int _users = 1;

    /// <summary>Takes a copy; whoever makes it has to <see cref="Release"/> it.</summary>
    public Exposition(ReadOnlySpan<byte> text)
    {
        _rented = ArrayPool<byte>.Shared.Rent(text.Length);
        _length = text.Length;
        text.CopyTo(_rented);
    }

    /// <summary>The text.</summary>
    public ReadOnlyMemory<byte> Text => _rented.AsMemory(0, _length);

    /// <summary>One more uses it, while somebody still does.</summary>
    public Exposition Use()
    {
        Interlocked.Increment(ref _users);
        return this;
    }

    /// <summary>One is done with it.</summary>
    public void Release()
    {
        if (Interlocked.Decrement(ref _users) == 0)
            ArrayPool<byte>.Shared.Return(_rented);
    }
}
