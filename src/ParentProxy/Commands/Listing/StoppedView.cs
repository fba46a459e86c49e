using System.Globalization;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Endpoints;

namespace ParentProxy.Commands.Listing;

/// <summary>The enclaves while no proxy runs: nobody has probed them.</summary>
/// <param name="Running">Always false; what a running proxy answers has no such member.</param>
/// <param name="Enclaves">Each of them.</param>
internal sealed record StoppedView(bool Running, IReadOnlyList<StoppedView.EnclaveView> Enclaves)
{
    private static readonly string[] Columns = ["ID", "NAME", "ENDPOINT", "FROM", "NITRO-CLI"];

    /// <summary>Those of a configuration, those that nitro-cli tells of beside them.</summary>
    public static StoppedView Of(KnownEnclaves known, DescribeResult? described)
    {
        var told = described?.Enclaves ?? [];
        var rest = told.Where(one => !known.All.Any(enclave => IsAt(enclave, one.Cid)));
        return new StoppedView(
            Running: false,
            [
                .. known.All.Select(enclave => EnclaveView.Of(enclave, told.FirstOrDefault(one => IsAt(enclave, one.Cid)), described)),
                .. rest.Select(one => new EnclaveView(null, one.Name, $"vsock://{one.Cid}", "nitro-cli", State(one))),
            ]);
    }

    /// <summary>A line for each, below the names of the columns.</summary>
    public IEnumerable<string> Lines() => TextTable.Lines(
        [Columns, .. Enclaves.Select(enclave => (IReadOnlyList<string>)
            [enclave.Id ?? "-", enclave.Name, enclave.Endpoint, enclave.From, enclave.Nitro ?? "-"])],
        indent: "");

    private static bool IsAt(Enclave enclave, uint cid) =>
        enclave.Endpoint.Transport == EnclaveTransport.Vsock && enclave.Endpoint.Cid == cid;

    private static string State(DescribedEnclave told) => string.Create(
        CultureInfo.InvariantCulture, $"{told.State ?? "unknown"} at CID {told.Cid}{(told.IsDebug ? ", debug mode" : "")}");

    /// <summary>An enclave that nobody has probed.</summary>
    /// <param name="Id">Its Id; null for one that the configuration does not have.</param>
    /// <param name="Name">Its name.</param>
    /// <param name="Endpoint">Where it would be dialled.</param>
    /// <param name="From">Who knows of it: <c>configuration</c>, <c>discovery</c>, <c>nitro-cli</c>, or <c>ReverseProxy</c>.</param>
    /// <param name="Nitro">What nitro-cli tells of what is at its CID; null where it tells nothing.</param>
    internal sealed record EnclaveView(string? Id, string Name, string Endpoint, string From, string? Nitro)
    {
        /// <summary>One that the proxy would have.</summary>
        public static EnclaveView Of(Enclave enclave, DescribedEnclave? told, DescribeResult? described) => new(
            enclave.Id,
            enclave.Name,
            enclave.Endpoint.ToString(),
            enclave.Cluster is not null ? "ReverseProxy" : enclave.Instance is not null ? "discovery" : "configuration",
            told is not null ? State(told)
                : described is { IsComplete: true } && enclave.Endpoint.Transport == EnclaveTransport.Vsock ? "none at this CID"
                : null);
    }
}
