using ParentProxy.Endpoints;

namespace ParentProxy.Egress.Tunnels;

/// <summary>Connections of one listener, all to one destination: what AWS's vsock-proxy does.</summary>
/// <param name="destination">Where they go.</param>
/// <param name="dialer">The way there.</param>
/// <param name="context">What tunnels share.</param>
internal sealed class ForwardService(Destination destination, DestinationDialer dialer, EgressContext context) : IEgressService
{
    /// <inheritdoc/>
    public bool IsDrained => true;

    /// <inheritdoc/>
    public async Task ServeAsync(EgressConnection connection, CancellationToken cut)
    {
        ConnectedDestination connected;
        try
        {
            connected = await dialer.ConnectAsync(connection.Peer, destination, cut);
        }
        catch (EgressException ex)
        {
            // There is no way to tell the enclave but to close.
            context.Report(connection, destination, ex);
            return;
        }

        await Tunnel.RunAsync(connection, destination, connected, null, context, cut);
    }
}
