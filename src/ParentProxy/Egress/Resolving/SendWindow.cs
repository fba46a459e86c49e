namespace ParentProxy.Egress.Resolving;

/// <summary>
/// Keeps bursts away from resolvers: a socket's receive buffer of the usual size holds some 270 short datagrams, and whatever comes above
/// that before their program runs is lost, which costs its asker most of a second. Who enters has a place until it leaves or
/// <see cref="Longest"/> is over, so that resolvers that say nothing hold nobody up. Any thread.
/// </summary>
/// <param name="clock">The clock by which a place is given back.</param>
#pragma warning disable CA1001 // Without a wait handle, which nobody asks it for, a semaphore holds nothing but memory.
internal sealed class SendWindow(TimeProvider clock)
#pragma warning restore CA1001
{
    /// <summary>Questions that may have been sent just now and have no answer.</summary>
    public const int Places = 150;

    /// <summary>Then who was asked has read them, or will not: with all places taken 7,500 questions a second are begun.</summary>
    public static readonly TimeSpan Longest = TimeSpan.FromMilliseconds(20);

    private readonly SemaphoreSlim _free = new(Places);

    /// <summary>Waits for a place, in the order of the calls. Disposing of it gives it back.</summary>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken).ConfigureAwait(false);
        return new Place(_free, clock);
    }

    private sealed class Place : IDisposable
    {
        private readonly SemaphoreSlim _free;
        private readonly ITimer _timer;
        private bool _isLeft;

        public Place(SemaphoreSlim free, TimeProvider clock)
        {
            _free = free;
            _timer = clock.CreateTimer(static place => ((Place)place!).Leave(), this, Longest, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            _timer.Dispose();
            Leave();
        }

        private void Leave()
        {
            if (!Interlocked.Exchange(ref _isLeft, true))
                _free.Release();
        }
    }
}
