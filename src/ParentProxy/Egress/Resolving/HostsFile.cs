using System.Collections.Frozen;
using System.Net;

namespace ParentProxy.Egress.Resolving;

/// <summary>The names of <c>/etc/hosts</c>, which come before those of any resolver.</summary>
internal sealed class HostsFile(TimeProvider clock, string path = "/etc/hosts")
{
    private readonly ReloadedFile<FrozenDictionary<string, IPAddress[]>> _file = new(path, Parse, clock);

    /// <summary>The addresses of a name in lower case, in the order of the file; empty when it is not there.</summary>
    public async ValueTask<IReadOnlyList<IPAddress>> FindAsync(string name)
    {
        var hosts = await _file.GetAsync().ConfigureAwait(false);
        return hosts.TryGetValue(name, out var addresses) ? addresses : [];
    }

    private static FrozenDictionary<string, IPAddress[]> Parse(string text)
    {
        var entries =
            from line in text.Split('\n')
            let words = line.Split('#')[0].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            where words.Length > 1
            let address = IPAddress.TryParse(words[0], out var parsed) ? parsed : null
            where address is not null
            from name in words.Skip(1)
            group address by name.TrimEnd('.').ToLowerInvariant();
        return entries.ToFrozenDictionary(entry => entry.Key, entry => entry.Distinct().ToArray());
    }
}
