using System.Buffers;

namespace ParentProxy.Ingress.Failover;

/// <summary>
/// What was read of a request body so far, so that it can be sent again. Gives up what it has when the body turns out to
/// be larger than is kept. Used by whoever sends the request, one after the other; <see cref="IsWhole"/> by anybody.
/// </summary>
/// <param name="limit">How much is kept, in bytes.</param>
/// <param name="onlyUnsent">Whether it is kept until the first byte of the request is out, and no longer.</param>
internal sealed class RecordedBody(int limit, bool onlyUnsent) : IDisposable
{
    private const int FirstBytes = 4 * 1024;

    private byte[] _bytes = [];
    private int _count;
    private volatile bool _isGivenUp;

    /// <summary>Whether everything that was read is here.</summary>
    public bool IsWhole => !_isGivenUp;

    /// <summary>Whether it is kept when the first byte of the request is out, too.</summary>
    public bool IsKept => !onlyUnsent;

    /// <summary>Whether that is the whole body.</summary>
    public bool HasEnded { get; private set; }

    /// <summary>What was read so far; empty once it is given up.</summary>
    public ReadOnlyMemory<byte> Bytes => _bytes.AsMemory(0, _count);

    /// <summary>Notes what was read.</summary>
    public void Add(in ReadOnlySequence<byte> piece)
    {
        if (_isGivenUp || piece.Length > limit - _count)
        {
            GiveUp();
            return;
        }

        Reserve((int)piece.Length);
        piece.CopyTo(_bytes.AsSpan(_count));
        _count += (int)piece.Length;
    }

    /// <summary>Notes that bytes of the request are out. What is here may be in the middle of being sent: it is not touched.</summary>
    public void Sent() => _isGivenUp |= onlyUnsent;

    /// <summary>Notes that the body is over.</summary>
    public void End() => HasEnded = true;

    /// <summary>It will not be sent again.</summary>
    public void GiveUp()
    {
        _isGivenUp = true;
        Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = [];
        _count = 0;
    }

    private void Reserve(int more)
    {
        if (_bytes.Length - _count >= more)
            return;
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(Math.Max(FirstBytes, _count + more), _count * 2));
        _bytes.AsSpan(0, _count).CopyTo(larger);
        if (_bytes.Length > 0)
            ArrayPool<byte>.Shared.Return(_bytes);
        _bytes = larger;
    }
}
