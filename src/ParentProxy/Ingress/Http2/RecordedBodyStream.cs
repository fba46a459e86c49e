using System.Buffers;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Ingress.Http2;

/// <summary>A request body from its beginning: what was read of it before, then the rest, which is recorded as well.</summary>
internal sealed class RecordedBodyStream(Stream client, RecordedBody recorded, Attempt attempt) : Stream
{
    private readonly ReadOnlyMemory<byte> _before = recorded.Bytes;
    private int _position;

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => false;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_position < _before.Length)
        {
            var count = Math.Min(buffer.Length, _before.Length - _position);
            _before.Slice(_position, count).CopyTo(buffer);
            _position += count;
            return count;
        }

        if (recorded.HasEnded)
            return 0;
        var read = await client.ReadAsync(buffer, cancellationToken);
        if (read > 0)
        {
            recorded.Add(new ReadOnlySequence<byte>(buffer[..read]));
            attempt.AddRequestBytes(read);
        }
        else if (buffer.Length > 0)
        {
            recorded.End();
        }

        return read;
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException("Asynchronous only.");

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();
}
