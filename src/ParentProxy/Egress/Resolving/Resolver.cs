using System.Net;
using System.Net.Sockets;
using ParentProxy.Dns;
using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Resolving;

/// <summary>Finds addresses by <c>/etc/hosts</c> and by asking for A and AAAA records side by side.</summary>
/// <param name="hosts">The names of this machine's file.</param>
/// <param name="cache">What is remembered, and the resolvers behind it.</param>
/// <param name="clock">The clock of the wait for the slower of the two.</param>
internal sealed class Resolver(HostsFile hosts, DnsCache cache, TimeProvider clock) : IResolver
{
    private const int MaxAliases = 16;

    // RFC 8305 §3: some resolvers never answer for AAAA, which must not hold up the other. Without A the rest of it would do more harm:
    // many a machine has no way to IPv6 addresses.
    private static readonly TimeSpan ResolutionDelay = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public async ValueTask<ResolvedHost> ResolveAsync(HostName name, string? enclave, CancellationToken cancellationToken)
    {
        var local = await hosts.FindAsync(name.Text).ConfigureAwait(false);
        if (local.Count > 0)
            return new ResolvedHost(InTurn(local), IsLocal: true);

        Task<Found>[] both =
        [
            FindAsync(name.Text, DnsType.A, enclave, cancellationToken).AsTask(),
            FindAsync(name.Text, DnsType.Aaaa, enclave, cancellationToken).AsTask(),
        ];
        var first = await Task.WhenAny(both).ConfigureAwait(false);
        if (first == both[0] && first is { IsCompletedSuccessfully: true, Result.Addresses.Count: > 0 })
            await Task.WhenAny(Task.WhenAll(both), Task.Delay(ResolutionDelay, clock, cancellationToken)).ConfigureAwait(false);
        else
            await Task.WhenAll(both).ConfigureAwait(false);

        cancellationToken.ThrowIfCancellationRequested();
        Found[] found = [.. both.Where(task => task.IsCompletedSuccessfully).Select(task => task.Result)];
        IPAddress[] addresses = [.. found.SelectMany(one => one.Addresses).Distinct()];
        return addresses.Length > 0
            ? new ResolvedHost(InTurn(addresses), found.FirstOrDefault(one => one is { IsStale: true, Addresses.Count: > 0 })?.Report)
            : throw NotFound(name, found);
    }

    private static ResolveException NotFound(HostName name, Found[] found)
    {
        // NXDOMAIN is true of all types; a failure tells more than a type of which there is nothing.
        var worst = found.FirstOrDefault(one => one.Code == "NXDOMAIN") ?? found.FirstOrDefault(one => one.Code != "NODATA") ?? found[0];
        var meaning = worst.Code switch
        {
            "NXDOMAIN" => "does not exist",
            "NODATA" => "exists but has no address",
            "ALIASES" => $"is an alias of an alias, more than {MaxAliases} times",
            _ => "could not be resolved",
        };
        return new ResolveException(
            worst.Code, $"{name} {meaning}: {string.Join("; ", found.Select(one => one.Report).Distinct())}");
    }

    private static IPAddress[] InTurn(IReadOnlyList<IPAddress> addresses)
    {
        var six = addresses.Where(address => address.AddressFamily == AddressFamily.InterNetworkV6).ToArray();
        var four = addresses.Where(address => address.AddressFamily != AddressFamily.InterNetworkV6).ToArray();
        var pairs = Enumerable.Range(0, Math.Max(six.Length, four.Length));
        return [.. pairs.SelectMany(i => six.Skip(i).Take(1).Concat(four.Skip(i).Take(1)))];
    }

    private async ValueTask<Found> FindAsync(string name, ushort type, string? enclave, CancellationToken cancellationToken)
    {
        var isStale = false;
        var aliases = 0;
        while (true)
        {
            if (DnsQuery.For(name, type) is not { } query)
                return new Found([], false, "NXDOMAIN", $"{name} is no name of the DNS");
            var reply = await cache.AskAsync(query, cancellationToken, enclave, mayJoin: true).ConfigureAwait(false);
            isStale |= reply.Source == DnsReplySource.Stale;
            if (reply.Code != "OK" || !DnsMessage.TryRead(reply.Message, out var message))
                return new Found([], isStale, reply.Code, reply.Report);

            var end = Follow(message, query.Name, ref aliases);
            IPAddress[] addresses = end is null ? [] : [.. Addresses(message, end, type)];
            if (addresses.Length > 0)
                return new Found(addresses, isStale, "OK", reply.Report);
            if (end is null || aliases > MaxAliases)
                return new Found([], isStale, "ALIASES", reply.Report);

            // A resolver that does not follow aliases to their end: it is asked for the end.
            if (end == query.Name)
                return new Found([], isStale, "NODATA", reply.Report);
            name = end;
        }
    }

    /// <summary>The name at the end of the aliases that an answer holds; null when there is none.</summary>
    private static string? Follow(DnsMessage message, string name, ref int aliases)
    {
        while (true)
        {
            string? next = null;
            foreach (var record in message.Records)
            {
                if (record is { Section: DnsSection.Answer, Type: DnsType.Cname } && message.NameOf(record) == name)
                    next = message.NameIn(record);
            }

            if (next is null)
                return name;
            if (++aliases > MaxAliases)
                return null;
            name = next;
        }
    }

    private static List<IPAddress> Addresses(DnsMessage message, string name, ushort type)
    {
        var addresses = new List<IPAddress>();
        foreach (var record in message.Records)
        {
            if (record.Section == DnsSection.Answer && record.Type == type && message.NameOf(record) == name
                && message.DataOf(record) is { Length: var length } data && length == (type == DnsType.A ? 4 : 16))
                addresses.Add(new IPAddress(data));
        }

        return addresses;
    }

    /// <param name="Addresses">What was found.</param>
    /// <param name="IsStale">Whether its time is over.</param>
    /// <param name="Code">How it ended, in one word.</param>
    /// <param name="Report">Who said what.</param>
    private sealed record Found(IReadOnlyList<IPAddress> Addresses, bool IsStale, string Code, string Report);
}
