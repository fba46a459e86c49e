using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging.Abstractions;
using ParentProxy.Admin;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Egress;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Resolving;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor;

/// <summary>Goes the way of an enclave to a destination step by step, and says what it finds at each.</summary>
/// <param name="options">The configuration.</param>
/// <param name="destination">What an enclave wants to reach.</param>
/// <param name="running">What the program that runs says; null when none does.</param>
/// <param name="time">The clock.</param>
/// <param name="output">Where it is written.</param>
internal sealed class EgressDoctor(
    ProxyOptions options, Destination destination, EgressView? running, TimeProvider time, TextWriter output)
{
    private const int RefusalsShown = 5;

    /// <summary>Whether an enclave may reach it, and it answers.</summary>
    /// <param name="enclave">The enclave, by CID, Id or Name; null: every one that is configured.</param>
    public async Task<bool> RunAsync(string? enclave)
    {
        await WriteListenersAsync();
        var addresses = await ResolveAsync();
        var allowed = await JudgeAsync(Peers(enclave), addresses);
        var isReached = await ConnectAsync(allowed);
        await WriteRefusalsAsync();
        return isReached;
    }

    private async Task WriteListenersAsync()
    {
        await HeadAsync("Listeners for enclaves");
        if (!options.Egress.Listeners.Any())
            await LineAsync("none is configured (Egress:Connect, Egress:Forwards, Egress:Dns): no enclave reaches anything");
        foreach (var listener in options.Egress.Listeners)
            await LineAsync($"{listener.Listen}  {EgressSection.Service(listener)}: {StateOf(listener)}");
    }

    private string StateOf(EgressListenerOptions listener)
    {
        if (running?.Listeners.FirstOrDefault(one => one.Listen == listener.Listen.Text) is { } open)
            return open.Accepting ? $"open, {open.Connections} connections" : $"takes no connections: {open.Reason}";
        var address = listener.Listen;
        try
        {
            // As the service would: what another program has cannot be had.
            var bound = ListenSocket.Bind(address.SocketPath is { } path
                ? new UnixDomainSocketEndPoint(path)
                : new VsockEndPoint(VsockCid.Any, address.Port!.Value));
            bound.Close();
            return running is null
                ? $"free: the service does not run, or not with this configuration (asked {options.Admin.Url}/egress)"
                : "not open: the running proxy has another configuration";
        }
        catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            return "EADDRINUSE: another program listens there, perhaps AWS's vsock-proxy (systemctl status nitro-enclaves-vsock-proxy); "
                + "'ss --vsock -lp' names it";
        }
        catch (SocketException ex)
        {
            return $"cannot be listened on: {Errno.FromSocketError(ex.SocketErrorCode).Name}";
        }
        catch (VsockException ex)
        {
            return $"cannot be listened on: {ex.Errno.Name} ({ex.Meaning}). {ex.Hint}";
        }
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync()
    {
        if (destination.Address is { } literal)
            return [literal];
        var system = new SystemResolvers(time);
        var upstreams = options.Egress.Dns?.Upstreams ?? await system.GetAsync();
        await HeadAsync($"{destination.Name}, by {string.Join(", ", upstreams)} and /etc/hosts");
        var upstream = new UpstreamClient(() => ValueTask.FromResult(upstreams), time);
        var resolver = new Resolver(new HostsFile(time), new DnsCache(upstream, static () => 0, time), time);
        try
        {
            var host = await resolver.ResolveAsync(destination.Name!, enclave: null, CancellationToken.None);
            foreach (var address in host.Addresses)
                await LineAsync(address.ToString());
            return host.Addresses;
        }
        catch (ResolveException ex)
        {
            await LineAsync($"{ex.Code}: {ex.Message}");
            return [];
        }
    }

    private List<EgressPeer> Peers(string? enclave)
    {
        List<EgressPeer> known =
        [
            .. options.Enclaves
                .Where(one => one.Endpoint.Transport == EnclaveTransport.Vsock)
                .Select(one => new EgressPeer(one.Endpoint.Cid, one.Id, one.Name)),
            .. options.Egress.Listeners.Select(listener => listener.Peer).OfType<EgressPeerOptions>()
                .Select(peer => new EgressPeer(peer.Cid, peer.Enclave, peer.Enclave)),
        ];
        if (enclave is null)
        {
            var cids = options.Egress.Allow.SelectMany(rule => rule.Cids ?? []).Select(cid => new EgressPeer(cid, null, null));
            return [.. known.Concat(cids).DistinctBy(peer => peer.Key), new EgressPeer(null, null, null)];
        }

        var found = known.Where(peer => peer.Id == enclave || peer.Name == enclave
            || peer.Cid?.ToString(CultureInfo.InvariantCulture) == enclave).Take(1).ToList();
        return found.Count > 0 ? found
            : uint.TryParse(enclave, CultureInfo.InvariantCulture, out var number) ? [new EgressPeer(number, null, null)]
            : [new EgressPeer(null, enclave, enclave)];
    }

    /// <summary>The addresses that one of the enclaves may reach.</summary>
    private async Task<IReadOnlyList<IPAddress>> JudgeAsync(List<EgressPeer> peers, IReadOnlyList<IPAddress> addresses)
    {
        await HeadAsync($"Rules for {destination}");
        var own = new OwnAddresses(time, NullLogger.Instance);
        var policy = new EgressPolicy(options.Egress, () => own.Current);
        var allowed = new HashSet<IPAddress>();
        foreach (var peer in peers)
        {
            var verdict = policy.Judge(peer, destination);
            var name = peer is { Cid: null, Id: null } ? "any other enclave" : peer.ToString();
            await LineAsync($"{name}: {Say(verdict)}");
            if (!verdict.IsAllowed)
                continue;
            foreach (var address in addresses)
            {
                var judged = destination.Name is null ? verdict : policy.JudgeResolved(peer, destination, address, verdict);
                if (judged.IsAllowed)
                    allowed.Add(address);
                if (destination.Name is not null)
                    await LineAsync($"  {address}: {Say(judged)}");
            }
        }

        return [.. allowed];
    }

    private static string Say(EgressVerdict verdict) =>
        verdict.IsAllowed ? $"allowed by {verdict.Rule!.Location}" : $"refused: {verdict.ForOperator}";

    private async Task<bool> ConnectAsync(IReadOnlyList<IPAddress> addresses)
    {
        if (addresses.Count == 0)
            return false;
        await HeadAsync("Connections from this machine");
        var isReached = false;
        foreach (var address in addresses)
        {
            var endPoint = new IPEndPoint(address, destination.Port);
            using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            using var patience = new CancellationTokenSource(options.Egress.ConnectTimeout, time);
            var started = time.GetTimestamp();
            try
            {
                await socket.ConnectAsync(endPoint, patience.Token);
                var took = time.GetElapsedTime(started).TotalMilliseconds;
                await LineAsync(string.Create(CultureInfo.InvariantCulture, $"{endPoint}: connected in {took:0.0} ms"));
                isReached = true;
            }
            catch (SocketException ex)
            {
                await LineAsync($"{endPoint}: {Errno.FromSocketError(ex.SocketErrorCode).Name}");
            }
            catch (OperationCanceledException)
            {
                await LineAsync(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{endPoint}: no answer within {options.Egress.ConnectTimeout.TotalSeconds:0.###} s: do the security group, "
                        + $"the route table and the network ACL of this instance let it out?"));
            }
        }

        return isReached;
    }

    private async Task WriteRefusalsAsync()
    {
        if (running is null)
            return;
        await HeadAsync("What enclaves did not reach last");
        var recent = running.NotReached.Take(RefusalsShown).ToList();
        if (recent.Count == 0)
            await LineAsync("nothing since the start");
        foreach (var one in recent)
        {
            var who = new EgressPeer(one.Cid, one.Enclave, one.Enclave);
            await LineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"{one.Last:yyyy-MM-dd HH:mm:ss} UTC, {one.Count} times: {who} on {one.Listen}: {one.What} ({one.Code}): {one.Reason}"));
        }
    }

    private Task HeadAsync(string text) => output.WriteLineAsync(text);

    private Task LineAsync(string text) => output.WriteLineAsync($"  {text}");
}
