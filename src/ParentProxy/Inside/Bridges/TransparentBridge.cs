using System.Net;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Bridges;

/// <summary>
/// The address of a name, for programs that know no proxy: the parent's HTTP proxy is asked for the name, whatever the program says on
/// the connection.
/// </summary>
internal sealed class TransparentBridge : Bridge
{
    /// <summary>In the place of an address, of which there may be thousands.</summary>
    private const string Label = "transparent";

    private readonly Destination _destination;

    /// <summary>Makes one; nothing listens yet.</summary>
    /// <param name="destination">Name and port.</param>
    /// <param name="address">The address of the name.</param>
    /// <param name="to">The parent's HTTP proxy.</param>
    /// <param name="context">What bridges share.</param>
    public TransparentBridge(Destination destination, IPAddress address, EnclaveEndpoint to, BridgeContext context)
        : base(
            InsideAddress.Parse(new IPEndPoint(address, destination.Port).ToString()).Value!,
            to,
            "Enclave:Transparent:Hosts",
            Label,
            context) => _destination = destination;

    /// <inheritdoc/>
    public override async ValueTask AgreeAsync(BridgeConnection connection, EnclaveStream other, CancellationToken cut)
    {
        // The parent needs its own time to resolve and dial: as long as ours.
        using var patience = new CancellationTokenSource(2 * Context.Options.ConnectTimeout, Context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cut, patience.Token);
        byte[] behind;
        try
        {
            behind = await ConnectRequest.SendAsync(other, _destination, both.Token);
        }
        catch (OperationCanceledException) when (!cut.IsCancellationRequested)
        {
            throw new BridgeException(
                BridgeResult.Timeout,
                DialException.Timeout,
                "the parent's HTTP proxy did not answer within twice Enclave:ConnectTimeout. The log of the parent has more.");
        }

        if (behind.Length == 0)
            return;
        using var front = connection.Borrow();
        await front.Socket.WriteAsync(behind, cut);
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Listen}, to {_destination} by {To}";
}
