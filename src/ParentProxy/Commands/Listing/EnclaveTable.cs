using System.Globalization;
using System.Text.Json;
using ParentProxy.Admin;
using ParentProxy.Enclaves;
using ParentProxy.Html;

namespace ParentProxy.Commands.Listing;

/// <summary>Enclaves in a table.</summary>
internal static class EnclaveTable
{
    private static readonly string[] Columns =
        ["ID", "NAME", "ENDPOINT", "STATE", "SINCE", "LAST PROBE", "IN FLIGHT", "ATTESTATION", "REASON"];

    /// <summary>A state as it stands in JSON and in metrics.</summary>
    public static string Word(EnclaveState state) => JsonNamingPolicy.CamelCase.ConvertName(state.ToString());

    /// <summary>The enclaves of a running proxy.</summary>
    public static IEnumerable<string> Lines(IReadOnlyList<EnclaveView> enclaves, DateTimeOffset now) => TextTable.Lines(
        [Columns, .. enclaves.Select(enclave => Row(enclave, now))], indent: "");

    private static IReadOnlyList<string> Row(EnclaveView enclave, DateTimeOffset now) =>
    [
        enclave.Id,
        enclave.Name,
        enclave.Endpoint,
        Word(enclave.State),
        Words.Age(now - enclave.Since),
        Probe(enclave.LastProbe),
        enclave.InFlight.ToString(CultureInfo.InvariantCulture),
        enclave.Attestation is { } attestation
            ? JsonNamingPolicy.CamelCase.ConvertName(attestation.Verdict.ToString())
                + (attestation.Reason is { } reason ? $" ({reason})" : "")
            : "-",
        enclave.Reason,
    ];

    private static string Probe(EnclaveView.ProbeView? probe) => probe switch
    {
        null => "-",
        { Ok: true, Status: { } status } => string.Create(CultureInfo.InvariantCulture, $"{status} in {probe.LatencyMs:0.0} ms"),
        { Ok: true } => string.Create(CultureInfo.InvariantCulture, $"ok in {probe.LatencyMs:0.0} ms"),
        { Status: { } status } => string.Create(CultureInfo.InvariantCulture, $"{probe.Error} {status}"),
        _ => probe.Error ?? "-",
    };
}
