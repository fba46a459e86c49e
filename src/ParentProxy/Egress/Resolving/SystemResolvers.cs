using System.Net;

namespace ParentProxy.Egress.Resolving;

/// <summary>
/// The resolvers of <c>/etc/resolv.conf</c>. Of its other lines none matters: names are whole, and times and tries are ours.
/// </summary>
internal sealed class SystemResolvers(TimeProvider clock, string path = "/etc/resolv.conf")
{
    private const int Port = 53;
    private const int MaxResolvers = 8;

    private readonly ReloadedFile<IPEndPoint[]> _file = new(path, Parse, clock);

    /// <summary>The resolvers in their order; the one of this machine when the file names none (resolv.conf(5)).</summary>
    public async ValueTask<IReadOnlyList<IPEndPoint>> GetAsync() => await _file.GetAsync().ConfigureAwait(false);

    private static IPEndPoint[] Parse(string text)
    {
        var resolvers =
            from line in text.Split('\n')
            let words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            where words is ["nameserver", _, ..]
            let address = IPAddress.TryParse(words[1], out var parsed) ? parsed : null
            where address is not null
            select new IPEndPoint(address, Port);
        IPEndPoint[] found = [.. resolvers.Distinct().Take(MaxResolvers)];
        return found.Length > 0 ? found : [new IPEndPoint(IPAddress.Loopback, Port)];
    }
}
