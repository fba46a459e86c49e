using System.Net;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Inside.Network;

/// <summary><c>/etc/hosts</c>: names that have an address of this enclave, in a block of our own at its end.</summary>
internal static class HostsFile
{
    private const string First = "# parent-proxy: from here";
    private const string Last = "# parent-proxy: to here";

    /// <summary>Writes the block in the place of the one that is there; none when there are no names. The rest stays as it is.</summary>
    /// <param name="path">The file.</param>
    /// <param name="names">Names with their addresses.</param>
    /// <param name="logger">Where it is said when that cannot be done.</param>
    public static void Write(string path, IReadOnlyList<(string Name, IPAddress Address)> names, ILogger logger)
    {
        string[] lines = [.. names.Select(one => $"{one.Address} {one.Name}")];
        if (SystemFile.Change(path, old => Change(old, lines)) is { } errno)
            NetworkLog.HostsNotWritten(logger, path, errno, errno.Description, string.Join(", ", lines));
    }

    private static string Change(string old, string[] lines)
    {
        var rest = old.Split('\n').ToList();
        var last = rest.LastIndexOf(Last);
        var first = last < 0 ? -1 : rest.LastIndexOf(First, last);
        if (first >= 0)
            rest.RemoveRange(first, last - first + 1);
        var text = string.Join('\n', rest);
        if (lines.Length == 0)
            return text;
        if (text.Length > 0 && !text.EndsWith('\n'))
            text += '\n';
        return $"{text}{First}\n{string.Join('\n', lines)}\n{Last}\n";
    }
}
