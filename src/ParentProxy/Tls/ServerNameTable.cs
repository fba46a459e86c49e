using System.Diagnostics.CodeAnalysis;

namespace ParentProxy.Tls;

/// <summary>Finds what is meant for a server name. A name itself goes before patterns, and of those the longest.</summary>
/// <param name="entries">By pattern, as <see cref="ServerNamePattern.TryParse"/> gives it; each once.</param>
internal sealed class ServerNameTable<T>(IEnumerable<KeyValuePair<string, T>> entries)
{
    private readonly Dictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> _exact =
        entries.Where(entry => !IsBelow(entry)).ToDictionary(StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    // Without the star: by ".b.example" is found what is below b.example.
    private readonly Dictionary<string, T>.AlternateLookup<ReadOnlySpan<char>> _below = entries.Where(IsBelow)
        .ToDictionary(entry => entry.Key[1..], entry => entry.Value, StringComparer.Ordinal).GetAlternateLookup<ReadOnlySpan<char>>();

    /// <summary>Finds the entry for a name.</summary>
    /// <param name="name">As in <see cref="ClientHello.ServerName"/>; no entry is for null.</param>
    /// <param name="value">What was found.</param>
    public bool TryFind(string? name, [MaybeNullWhen(false)] out T value)
    {
        value = default;
        if (name is null)
            return false;
        if (_exact.TryGetValue(name, out value))
            return true;
        for (var dot = name.IndexOf('.'); dot > 0; dot = name.IndexOf('.', dot + 1))
        {
            if (_below.TryGetValue(name.AsSpan(dot), out value))
                return true;
        }

        return false;
    }

    private static bool IsBelow(KeyValuePair<string, T> entry) => entry.Key.StartsWith(ServerNamePattern.Below, StringComparison.Ordinal);
}
