using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Egress.Policy;
using ParentProxy.Egress.Tunnels;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;

namespace ParentProxy.Egress;

/// <summary>What all listeners and connections of egress share.</summary>
/// <param name="Configuration">What is in effect.</param>
/// <param name="Peers">Who connects.</param>
/// <param name="Counts">What is counted.</param>
/// <param name="Refusals">What enclaves did not get.</param>
/// <param name="Watch">Watches the time-outs of tunnels.</param>
/// <param name="Time">The clock.</param>
/// <param name="Logger">The log.</param>
internal sealed record EgressContext(
    ActiveConfiguration Configuration,
    EgressPeers Peers,
    EgressCounts Counts,
    EgressRefusals Refusals,
    RelayWatch<Tunnel> Watch,
    TimeProvider Time,
    ILogger Logger)
{
    private volatile EgressPolicy? _policy;

    /// <summary>The section, as it is in effect.</summary>
    public EgressOptions Options => Configuration.Options.Egress;

    /// <summary>What which enclave may reach, as it is in effect.</summary>
    public EgressPolicy Policy => _policy ?? throw new InvalidOperationException("no configuration is in effect yet");

    /// <summary>What connections are measured with; null before the instruments are there.</summary>
    public EgressInstruments? Instruments { get; set; }

    /// <summary>Sends an answer of ours within <c>RequestTimeout</c>.</summary>
    public Task AnswerAsync(EgressConnection connection, ReadOnlyMemory<byte> answer, CancellationToken cut) =>
        connection.AnswerAsync(answer, Options.RequestTimeout, Time, cut);

    /// <summary>Counts and writes down that a connection did not reach its destination.</summary>
    public void Report(EgressConnection connection, Destination destination, EgressException failure)
    {
        Counts.Count(connection.Listener, failure.Rule, failure.Result);
        Refusals.Add(connection.Peer, connection.Listener, destination.ToString(), failure.Code, failure.ForOperator);
    }

    /// <summary>Counts and writes down that an enclave did not get what no destination is.</summary>
    public void Refuse(EgressPeer peer, string listener, string what, string reason)
    {
        Counts.Count(listener, EgressCounts.NoRule, EgressResult.Denied);
        Refusals.Add(peer, listener, what, "denied", reason);
    }

    /// <summary>Has new connections follow other rules.</summary>
    public void Use(EgressPolicy policy) => _policy = policy;
}
