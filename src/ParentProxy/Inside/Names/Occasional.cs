namespace ParentProxy.Inside.Names;

/// <summary>Has something said once in a while, and counts what was not said meanwhile. Any thread.</summary>
internal sealed class Occasional(TimeSpan interval, TimeProvider clock)
{
    private readonly Lock _lock = new();
    private long? _said;
    private long _unsaid;

    /// <summary>Whether it may be said now.</summary>
    /// <param name="unsaid">How often it was not said since the last time.</param>
    public bool MaySay(out long unsaid)
    {
        lock (_lock)
        {
            unsaid = _unsaid;
            if (_said is { } said && clock.GetElapsedTime(said) < interval)
            {
                _unsaid++;
                return false;
            }

            _said = clock.GetTimestamp();
            _unsaid = 0;
            return true;
        }
    }
}
