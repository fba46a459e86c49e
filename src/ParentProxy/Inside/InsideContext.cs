using System.Diagnostics.Metrics;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Inside;

/// <summary>What all parts of the program inside an enclave share.</summary>
/// <param name="Configuration">What is in effect until the end.</param>
/// <param name="Dialer">The way to the parent, and to the application.</param>
/// <param name="Meter">Where instruments are made: <c>parentproxy.inside.*</c>.</param>
/// <param name="Loggers">The log.</param>
/// <param name="Time">The clock of time-outs.</param>
internal sealed record InsideContext(
    InsideConfiguration Configuration, IEnclaveDialer Dialer, Meter Meter, ILoggerFactory Loggers, TimeProvider Time)
{
    /// <summary>What the program does.</summary>
    public InsideOptions Options => Configuration.Enclave;
}
