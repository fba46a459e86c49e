using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Sockets;

namespace ParentProxy.Passthrough;

/// <summary>What all passthrough listeners and connections share.</summary>
/// <param name="Configuration">What is in effect.</param>
/// <param name="Connector">Finds connections their enclaves.</param>
/// <param name="Watch">Watches the time-outs.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log.</param>
internal sealed record PassthroughContext(
    ActiveConfiguration Configuration,
    FailoverConnector Connector,
    RelayWatch<PassthroughConnection> Watch,
    TimeProvider Time,
    ILogger Logger)
{
    /// <summary>What connections are measured with; null before the instruments are there.</summary>
    public PassthroughInstruments? Instruments { get; set; }
}
