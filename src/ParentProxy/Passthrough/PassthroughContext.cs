using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;

namespace ParentProxy.Passthrough;

/// <summary>What all passthrough listeners and connections share.</summary>
/// <param name="Configuration">What is in effect.</param>
/// <param name="Connector">Finds connections their enclaves.</param>
/// <param name="Watch">Watches the time-outs.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log.</param>
internal sealed record PassthroughContext(
    ActiveConfiguration Configuration, FailoverConnector Connector, PassthroughWatch Watch, TimeProvider Time, ILogger Logger)
{
    /// <summary>What connections are measured with; null before the instruments are there.</summary>
    public PassthroughInstruments? Instruments { get; set; }
}
