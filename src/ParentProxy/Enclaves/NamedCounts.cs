using System.Collections.Concurrent;
using System.Runtime.CompilerServices;

namespace ParentProxy.Enclaves;

/// <summary>
/// Events by the name of their outcome: <c>ok</c>, an errno, a word. The names are ours or the kernel's, so there are few.
/// </summary>
internal sealed class NamedCounts
{
    private readonly ConcurrentDictionary<string, StrongBox<long>> _byName = new(StringComparer.Ordinal);

    /// <summary>Counts an event under a name, which comes from a small fixed set.</summary>
    public void Count(string name) => Interlocked.Increment(ref _byName.GetOrAdd(name, static _ => new StrongBox<long>()).Value);

    /// <summary>How often each has happened.</summary>
    public IEnumerable<(string Name, long Count)> Read()
    {
        foreach (var (name, count) in _byName)
            yield return (name, Interlocked.Read(ref count.Value));
    }
}
