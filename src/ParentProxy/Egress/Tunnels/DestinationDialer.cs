using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Resolving;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Tunnels;

/// <summary>
/// The one way out: judges what an enclave asks for, resolves it, judges what that gave, and dials those very addresses; whichever
/// answers first (RFC 8305, whose delay between two attempts this keeps).
/// </summary>
/// <param name="context">Rules, settings and clock.</param>
/// <param name="resolver">Finds addresses.</param>
/// <param name="options">What the sockets do differently.</param>
internal sealed class DestinationDialer(EgressContext context, IResolver resolver, LoopSocketOptions options)
{
    /// <summary>How long an attempt has before the next one begins beside it: RFC 8305 §5.</summary>
    private static readonly TimeSpan AttemptDelay = TimeSpan.FromMilliseconds(250);

    /// <summary>Below the idle time of AWS's NAT gateways and load balancers, 350 s, which forget a connection without a word.</summary>
    private const int KeepAliveSeconds = 120;

    /// <summary>Addresses of a name that are tried: its owner decides how many there are.</summary>
    private const int MaxAddresses = 16;

    private static readonly TimeSpan SayAgain = TimeSpan.FromMinutes(1);

    private long _staleSaid;

    /// <summary>Connects an enclave to what it asks for.</summary>
    /// <exception cref="EgressException">It may not, or could not.</exception>
    /// <exception cref="OperationCanceledException">The program stops.</exception>
    public async Task<ConnectedDestination> ConnectAsync(EgressPeer peer, Destination destination, CancellationToken cancellationToken)
    {
        var policy = context.Policy;
        var verdict = policy.Judge(peer, destination);
        if (!verdict.IsAllowed)
            throw Denied(verdict);
        var started = context.Time.GetTimestamp();
        var timeout = context.Options.ConnectTimeout;
        using var patience = new CancellationTokenSource(timeout, context.Time);
        using var giveUp = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        try
        {
            var (addresses, rule) = await AddressesAsync(policy, peer, destination, verdict, giveUp.Token);
            var connected = await RaceAsync(destination, addresses, rule, giveUp.Token);
            context.Instruments?.RecordConnect(context.Time.GetElapsedTime(started));
            return connected;
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new EgressException(
                EgressResult.Unreachable,
                verdict.Rule,
                "timeout",
                FormattableString.Invariant($"no answer within {timeout.TotalSeconds:0.###} s (Egress:ConnectTimeout). ")
                    + "Do the security group, the route table and the network ACL of this instance let it out?");
        }
    }

    private static EgressException Denied(EgressVerdict verdict) =>
        new(EgressResult.Denied, verdict.Rule, "denied", verdict.Reason ?? "no rule allows it", verdict.Note);

    private async ValueTask<(IReadOnlyList<IPAddress> Addresses, EgressRuleOptions Rule)> AddressesAsync(
        EgressPolicy policy, EgressPeer peer, Destination destination, EgressVerdict verdict, CancellationToken cancellationToken)
    {
        if (destination.Address is { } literal)
            return ([literal], verdict.Rule!);
        ResolvedHost host;
        try
        {
            host = await resolver.ResolveAsync(destination.Name!, peer.Key, cancellationToken);
        }
        catch (ResolveException ex)
        {
            var result = ex.Code == UpstreamResult.Busy ? EgressResult.Limit : EgressResult.Unresolved;
            throw new EgressException(result, verdict.Rule, ex.Code, ex.Message);
        }

        if (host.Stale is { } report && IsTimeToSaySo())
            EgressLog.Stale(context.Logger, destination, report);
        var allowed = new List<IPAddress>(host.Addresses.Count);
        var rule = verdict.Rule!;
        EgressVerdict? refused = null;
        foreach (var address in host.Addresses.Take(MaxAddresses))
        {
            var judged = policy.JudgeResolved(peer, destination, address, verdict);
            if (judged.IsAllowed)
            {
                allowed.Add(address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address);
                rule = judged.Rule!;
            }
            else
            {
                refused ??= judged;
            }
        }

        if (allowed.Count > 0)
            return (allowed, rule);
        var denied = refused!.Value;
        throw host.IsLocal
            ? Denied(denied with
            {
                Reason = "it leads to an address that needs a rule of its own",
                Note = $" ({denied.ForOperator}; the address is that of /etc/hosts)",
            })
            : Denied(denied);
    }

    private bool IsTimeToSaySo()
    {
        var (now, said) = (context.Time.GetTimestamp(), Volatile.Read(ref _staleSaid));
        return (said == 0 || context.Time.GetElapsedTime(said, now) >= SayAgain)
            && Interlocked.CompareExchange(ref _staleSaid, now, said) == said;
    }

    private async Task<ConnectedDestination> RaceAsync(
        Destination destination, IReadOnlyList<IPAddress> addresses, EgressRuleOptions rule, CancellationToken cancellationToken)
    {
        using var lost = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var running = new List<Task<Attempt>>(addresses.Count);
        var failed = new List<Attempt>();
        try
        {
            for (var next = 0; running.Count > 0 || next < addresses.Count;)
            {
                if (next < addresses.Count)
                    running.Add(DialAsync(new IPEndPoint(addresses[next++], destination.Port), lost.Token));
                var any = Task.WhenAny(running);
                if (next < addresses.Count)
                    await Task.WhenAny(any, Task.Delay(AttemptDelay, context.Time, cancellationToken));
                else
                    await any;
                cancellationToken.ThrowIfCancellationRequested();
                foreach (var over in running.Where(static attempt => attempt.IsCompleted).ToList())
                {
                    running.Remove(over);
                    var attempt = await over;
                    if (attempt.Socket is { } socket)
                        return new ConnectedDestination(socket, attempt.Address, rule);
                    failed.Add(attempt);
                }
            }
        }
        finally
        {
            await lost.CancelAsync();
            foreach (var attempt in running)
                _ = DropAsync(attempt);
        }

        throw new EgressException(EgressResult.Unreachable, rule, failed[^1].Errno!, Explain(failed));
    }

    private static string Explain(List<Attempt> failed)
    {
        var hint = failed[^1].Errno switch
        {
            "ECONNREFUSED" => "Nobody listens there",
            "EHOSTUNREACH" or "ENETUNREACH" => "Has this instance a route there, for IPv6 too?",
            "EMFILE" or "ENFILE" => "Raise LimitNOFILE of the unit",
            _ => "Do the security group, the route table and the network ACL of this instance let it out?",
        };
        return $"{string.Join(", ", failed.Select(attempt => $"{attempt.Address} {attempt.Errno}"))}. {hint}";
    }

    private static async Task DropAsync(Task<Attempt> attempt)
    {
        try
        {
            (await attempt).Socket?.Abort();
        }
        catch (OperationCanceledException)
        {
            // As it should be: nobody waits for it any more.
        }
    }

    private async Task<Attempt> DialAsync(IPEndPoint address, CancellationToken cancellationToken)
    {
        Socket? socket = null;
        try
        {
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            if (DescriptorReserve.Requests.Contains(socket.SafeHandle))
                throw new SocketException((int)SocketError.TooManyOpenSockets);
            socket.NoDelay = true;
            socket.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.KeepAlive, true);
            socket.SetSocketOption(SocketOptionLevel.Tcp, SocketOptionName.TcpKeepAliveTime, KeepAliveSeconds);
            return new Attempt(address, await LoopSocket.ConnectAsync(socket, address, options, cancellationToken), null);
        }
        catch (SocketException ex)
        {
            socket?.Dispose();
            return new Attempt(address, null, Errno.FromSocketError(ex.SocketErrorCode).Name);
        }
        catch
        {
            socket?.Dispose();
            throw;
        }
    }

    /// <summary>One address, and what a dial of it came to.</summary>
    private sealed record Attempt(IPEndPoint Address, LoopSocket? Socket, string? Errno);
}
