namespace ParentProxy.Vsock.Tests;

/// <summary>Answers each accept with the next of a script; after its end an accept waits for the stop.</summary>
internal sealed class FakeAcceptSource(params Func<VsockStream?>[] script) : IAcceptSource
{
    private readonly TaskCompletionSource _disposed = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public int Accepts { get; private set; }

    public VsockEndPoint LocalEndPoint => UnixPair.LocalEndPoint;

    public async ValueTask<VsockStream?> AcceptAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (Accepts < script.Length)
            return script[Accepts++]();

        Accepts++;
        await _disposed.Task.WaitAsync(cancellationToken);
        return null;
    }

    public ValueTask DisposeAsync()
    {
        _disposed.TrySetResult();
        return ValueTask.CompletedTask;
    }
}
