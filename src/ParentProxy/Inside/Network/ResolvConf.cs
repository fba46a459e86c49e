using System.Net;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Inside.Network;

/// <summary><c>/etc/resolv.conf</c>: which resolver programs ask.</summary>
internal static class ResolvConf
{
    private const int Port = 53;
    private const string Keyword = "nameserver";

    /// <summary>
    /// Names resolvers there in the place of those that it names, which become comments: whoever tries this program on a machine that is
    /// no enclave finds them again. What else it says stays.
    /// </summary>
    /// <param name="path">The file.</param>
    /// <param name="addresses">Where names are answered; what is not on port 53 cannot be named.</param>
    /// <param name="logger">Where it is said when that cannot be done.</param>
    public static void Write(string path, IReadOnlyList<IPEndPoint> addresses, ILogger logger)
    {
        IPAddress[] named = [.. addresses.Where(address => address.Port == Port).Select(address => address.Address)];
        if (named.Length == 0)
            NetworkLog.NoResolverPort(logger, path, string.Join(", ", addresses));
        else if (SystemFile.Change(path, old => Change(old, named)) is { } errno)
            NetworkLog.ResolvConfNotWritten(logger, path, errno, errno.Description, string.Join(@"\n", Lines(named)));
    }

    private static string[] Lines(IPAddress[] named) => [.. named.Select(address => $"{Keyword} {address}")];

    private static string Change(string old, IPAddress[] named)
    {
        var ours = Lines(named);
        var lines = old.Split('\n', StringSplitOptions.RemoveEmptyEntries);

        // An image on a root that is read-only has it so from the start, with whatever else it says, wherever.
        if (lines.Where(IsNameserver).Order(StringComparer.Ordinal).SequenceEqual(ours.Order(StringComparer.Ordinal)))
            return old;
        var kept = lines
            .Where(line => !ours.Contains(line))
            .Select(line => IsNameserver(line) ? $"# {line}" : line);
        return string.Concat(kept.Concat(ours).Select(line => line + '\n'));
    }

    private static bool IsNameserver(string line) =>
        line.StartsWith(Keyword, StringComparison.Ordinal) && (line.Length == Keyword.Length || char.IsWhiteSpace(line[Keyword.Length]));
}
