using System.Threading.Channels;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Http1;

/// <summary>A dialer that does nothing of itself.</summary>
internal sealed class PendingDials
{
    private readonly Channel<PendingDial> _begun = Channel.CreateUnbounded<PendingDial>();
    private int _total;

    /// <summary>Dials that were begun.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>Begins a dial.</summary>
    public Task<DuplexStream> DialAsync(TimeSpan time, CancellationToken cancellationToken)
    {
        var dial = new PendingDial(time, cancellationToken);
        Interlocked.Increment(ref _total);
        Assert.True(_begun.Writer.TryWrite(dial));
        return dial.Task;
    }

    /// <summary>The dial that was begun next.</summary>
    public Task<PendingDial> NextAsync() => _begun.Reader.ReadAsync().AsTask().WaitAsync(TestDeadline.Value);
}
