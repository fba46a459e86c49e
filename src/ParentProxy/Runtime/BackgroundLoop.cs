namespace ParentProxy.Runtime;

/// <summary>
/// Work in the background, from its start until it is disposed of. It may end by itself; what ends it otherwise is a
/// fault, which is told at once and thrown again by <see cref="DisposeAsync"/>.
/// </summary>
/// <param name="onFault">Told of the fault, on the thread that it happened on.</param>
internal sealed class BackgroundLoop(Action<Exception> onFault) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private Task _running = Task.CompletedTask;

    /// <summary>Runs the work on the thread pool; called once.</summary>
    public void Start(Func<CancellationToken, Task> work) => _running = Task.Run(() => RunAsync(work, _stopping.Token));

    /// <summary>Cancels the work without waiting for its end.</summary>
    public void Stop() => _stopping.Cancel();

    /// <summary>Cancels the work and waits for its end.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();

        // Where the work ends is not where its owner goes on.
        await _running.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<CancellationToken, Task> work, CancellationToken cancellationToken)
    {
        try
        {
            await work(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The end of the program.
        }
        catch (Exception ex)
        {
            onFault(ex);
            throw;
        }
    }
}
