using System.Net;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Bridges;

/// <summary>What all bridges of one side share.</summary>
internal sealed class BridgeContext : IDisposable
{
    private readonly InsideContext _inside;
    private readonly LoopSocketOptions _vsock;

    /// <summary>Nothing is open yet.</summary>
    /// <param name="inside">What the whole program shares.</param>
    /// <param name="instruments">What is counted.</param>
    /// <param name="logger">The log.</param>
    public BridgeContext(InsideContext inside, BridgeInstruments instruments, ILogger logger)
    {
        _inside = inside;
        Instruments = instruments;
        Logger = logger;
        Watch = new RelayWatch<BridgeConnection>(inside.Time);
        Complaints = new BridgeComplaints(inside.Time);

        // One for all: a failure on a connection that was accepted needs no address to be told by.
        _vsock = EnclaveStream.VsockOptions(
            new VsockEndPoint(VsockCid.Host, 0), inside.Configuration.Vsock.MaxWriteBytes, inside.Time);
    }

    /// <summary>What the program does.</summary>
    public InsideOptions Options => _inside.Options;

    public VsockOptions Vsock => _inside.Configuration.Vsock;

    /// <summary>The way to the parent, and to the application.</summary>
    public IEnclaveDialer Dialer => _inside.Dialer;

    /// <summary>The clock of time-outs.</summary>
    public TimeProvider Time => _inside.Time;

    public BridgeInstruments Instruments { get; }

    /// <summary>What is written down.</summary>
    public BridgeComplaints Complaints { get; }

    public RelayWatch<BridgeConnection> Watch { get; }

    public ILogger Logger { get; }

    /// <summary>What a connection needs that was accepted at an address.</summary>
    public LoopSocketOptions SocketOptions(EndPoint endPoint) => endPoint is VsockEndPoint ? _vsock : LoopSocketOptions.Default;

    /// <inheritdoc/>
    public void Dispose() => Watch.Dispose();
}
