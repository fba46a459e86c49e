using ParentProxy.Sockets;

namespace ParentProxy.Tests.Http1;

/// <summary>A dial whose end is up to the test.</summary>
internal sealed class PendingDial(TimeSpan time, CancellationToken cancellationToken)
{
    private readonly TaskCompletionSource<DuplexStream> _end = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>How long it may take.</summary>
    public TimeSpan Time { get; } = time;

    /// <summary>Ends it.</summary>
    public CancellationToken CancellationToken { get; } = cancellationToken;

    /// <summary>What the pool waits for.</summary>
    public Task<DuplexStream> Task => _end.Task;

    /// <summary>The connection comes about.</summary>
    public PeerStream Succeed()
    {
        var stream = new PeerStream();
        _end.SetResult(stream);
        return stream;
    }

    /// <summary>It does not.</summary>
    public void Fail(Exception exception) => _end.SetException(exception);
}
