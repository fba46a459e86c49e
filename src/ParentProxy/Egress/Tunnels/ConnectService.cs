using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Tunnels;

/// <summary>The HTTP proxy of enclaves: CONNECT (RFC 9110 §9.3.6), and requests with an absolute target (RFC 9112 §3.2.2).</summary>
/// <param name="dialer">The way out.</param>
/// <param name="context">What connections share.</param>
internal sealed class ConnectService(DestinationDialer dialer, EgressContext context) : IEgressService
{
    private readonly AbsoluteFormForwarder _forwarder = new(dialer, context);

    /// <inheritdoc/>
    public bool IsDrained => true;

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        var reader = new ProxyRequestReader(connection.Socket, context.Time);
        try
        {
            while (await reader.ReadHeadAsync(context.Options.RequestTimeout, cut) is { } request)
            {
                // A client that was refused may ask again on the same connection.
                var goesOn = request.Method == "CONNECT"
                    ? await ConnectAsync(connection, reader, request, cut)
                    : await _forwarder.ForwardAsync(connection, reader, request, cut);
                if (!goesOn)
                    return;

                // Many may have come at once: they must not hold up the connections of the event loop.
                await Task.Yield();
            }
        }
        catch (MalformedRequestException ex)
        {
            context.Counts.Count(connection.Listener, EgressCounts.NoRule, EgressResult.Malformed);
            context.Refusals.Add(
                connection.Peer, connection.Listener, "the HTTP proxy", "malformed", $"{ex.Message}, answered {ex.Status}");
            await context.AnswerAsync(connection, ProxyAnswer.Malformed(ex), cut);
        }
    }

    /// <summary>Checks that <c>Host</c> names nothing else than the target: its port may be missing, and with HTTP/1.0 all of it.</summary>
    /// <exception cref="MalformedRequestException">It does, or there are several.</exception>
    internal static void CheckHost(ProxyRequest request, Destination destination)
    {
        string[] hosts = [.. request.Values("Host")];
        if (hosts.Length > 1)
            throw new MalformedRequestException(400, "there is more than one Host");
        if (hosts.Length == 0 && request.MinorVersion == 1)
            throw new MalformedRequestException(400, "there is no Host");
        if (hosts.Length == 1
            && (!Destination.TryParse(hosts[0], destination.Port, out var host, out _) || host != destination))
            throw new MalformedRequestException(400, "Host is another than the target's");
    }

    private async Task<bool> ConnectAsync(
        EgressConnection connection, ProxyRequestReader reader, ProxyRequest request, CancellationToken cut)
    {
        if (!Destination.TryParse(request.Target, null, out var destination, out var reason))
            throw new MalformedRequestException(400, $"the target of CONNECT is not HOST:PORT: {reason}");
        CheckHost(request, destination);
        if (request.Values("Transfer-Encoding").Any() || request.Values("Content-Length").Any(static length => length != "0"))
            throw new MalformedRequestException(400, "a CONNECT with a body");
        ConnectedDestination connected;
        try
        {
            connected = await dialer.ConnectAsync(connection.Peer, destination, cut);
        }
        catch (EgressException ex)
        {
            context.Report(connection, destination, ex);
            var closes = !request.KeepsAlive || !reader.MayBeRefusedAgain();
            await context.AnswerAsync(connection, ProxyAnswer.NotReached(destination, ex, closes), cut);
            return !closes;
        }

        try
        {
            await context.AnswerAsync(connection, ProxyAnswer.Connected, cut);
        }
        catch
        {
            connected.Socket.Abort();
            throw;
        }

        await Tunnel.RunAsync(connection, destination, connected, reader.TakeRest(), context, cut);
        return false;
    }
}
