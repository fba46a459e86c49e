using System.Diagnostics.Metrics;

namespace ParentProxy.Telemetry.Metrics;

/// <summary>
/// The most series of an instrument; what more there would be, OpenTelemetry adds up as one with the label <c>otel_metric_overflow</c>.
/// </summary>
/// <remarks>
/// OpenTelemetry takes the room for all of them when an instrument begins, 80 bytes each. With its own limit of 2000 for each of our
/// instruments that is 12 MB, and a fifth of the time that the program needs to start.
/// </remarks>
internal static class SeriesLimits
{
    /// <summary>Enough for what has no label, or labels whose few values are known: reasons, results, modes.</summary>
    public const int Few = 64;

    /// <summary>By enclave alone or listener alone, of which a configuration has as many as it likes, and a machine a handful.</summary>
    public const int ByOne = 250;

    /// <summary>By enclave, listener, rule or path, and by another label.</summary>
    public const int Many = 1000;

    private const int Requests = 10_000;

    /// <summary>One for each state of each enclave that there was for a while.</summary>
    private const int States = 2000;

    private const int ModesOfCpu = 8;

    /// <summary>How the names of instruments begin that have few series. One that is missing costs memory.</summary>
    private static readonly string[] WithFew =
    [
        "parentproxy.access_log.",
        "parentproxy.attestation.info",
        "parentproxy.build.",
        "parentproxy.config.",
        "parentproxy.discovery.",
        "parentproxy.draining",
        "parentproxy.egress.connect.",
        "parentproxy.egress.dns.",
        "parentproxy.enclaves.",
        "parentproxy.inside.application.",
        "parentproxy.inside.clock.",
        "parentproxy.inside.dns.",
        "parentproxy.inside.log.",
        "parentproxy.ready",
        "parentproxy.requests.refused",
        "parentproxy.requests.rejected",
        "parentproxy.requests.waiting",
        "parentproxy.retries",
        "parentproxy.retry_budget.",
        "parentproxy.thread_pool.",
        "process.",
        "node.memory.",
    ];

    private static readonly HashSet<string> OfOneLabel =
    [
        "parentproxy.attestation.verified.timestamp",
        "parentproxy.client_connections",
        "parentproxy.client_connections.rejected",
        "parentproxy.connect.duration",
        "parentproxy.egress.listener.up",
        "parentproxy.egress.log_lines.cut",
        "parentproxy.egress.open_connections",
        "parentproxy.ejections",
        "parentproxy.enclave.backup",
        "parentproxy.enclave.cpus",
        "parentproxy.enclave.debug",
        "parentproxy.enclave.memory",
        "parentproxy.enclave.state_changes",
        "parentproxy.failovers",
        "parentproxy.inside.connections.open",
        "parentproxy.passthrough.connect.duration",
        "parentproxy.passthrough.connection.duration",
        "parentproxy.passthrough.open_connections",
        "parentproxy.probe.duration",
        "parentproxy.request.bytes",
        "parentproxy.request.duration",
        "parentproxy.request.queue.duration",
        "parentproxy.requests.in_flight",
        "parentproxy.response.bytes",
        "parentproxy.time_to_first_byte",
    ];

    /// <summary>The limit of one instrument, ours or the platform's.</summary>
    public static int Of(Instrument instrument) => instrument.Meter.Name switch
    {
        ProxyMeter.Name => OfOurs(instrument.Name),
        "System.Runtime" => Few,
        "Microsoft.AspNetCore.Server.Kestrel" or "System.Net.Http" or "System.Net.NameResolution" => ByOne,
        _ => Many,
    };

    private static int OfOurs(string name) => name switch
    {
        "parentproxy.requests" => Requests,
        "parentproxy.enclave.state" => States,
        "node.cpu" => Math.Max(Many, ModesOfCpu * Environment.ProcessorCount),
        _ when OfOneLabel.Contains(name) => ByOne,
        _ when Array.Exists(WithFew, start => name.StartsWith(start, StringComparison.Ordinal)) => Few,
        _ => Many,
    };
}
