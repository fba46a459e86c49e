namespace ParentProxy.Egress.Lookups;

/// <summary>Has something said once in a while of each enclave, and counts what was not said meanwhile.</summary>
internal sealed class Occasionally(TimeSpan interval, TimeProvider clock)
{
    /// <summary>Four run at once, but one that restarts may be another: over this the one of which nothing was said longest goes.</summary>
    private const int MaxEnclaves = 64;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, Entry> _entries = [];

    /// <summary>Whether it may be said now.</summary>
    /// <param name="enclave">Of whom, by its key.</param>
    /// <param name="unsaid">How often it was not said of it since the last time.</param>
    public bool MaySay(string enclave, out long unsaid)
    {
        lock (_lock)
        {
            var entry = _entries.GetValueOrDefault(enclave);
            unsaid = entry?.Unsaid ?? 0;
            if (entry is not null && clock.GetElapsedTime(entry.Said) < interval)
            {
                entry.Unsaid++;
                return false;
            }

            if (entry is null && _entries.Count >= MaxEnclaves)
                _entries.Remove(_entries.MinBy(one => one.Value.Said).Key);
            _entries[enclave] = new Entry(clock.GetTimestamp());
            return true;
        }
    }

    private sealed class Entry(long said)
    {
        public long Said => said;

        public long Unsaid { get; set; }
    }
}
