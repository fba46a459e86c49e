using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Logs</c>: log lines to the parent.</summary>
internal sealed record InsideLogsOptions
{
    /// <summary>As many of the longest lines have to fit into the buffer, or ordinary ones that come together would find no room.</summary>
    public const int LeastLines = 4;

    /// <summary>Where the parent has <c>Egress:Logs</c>.</summary>
    public required EnclaveEndpoint To { get; init; }

    /// <summary>Bytes of lines that are kept while the parent is away; further lines are dropped and counted.</summary>
    public int BufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Longest line in bytes; the rest of a longer one is left out.</summary>
    public int MaxLineBytes { get; init; } = 16384;

    /// <summary>Whether lines are printed inside, too: the console of an enclave in debug mode.</summary>
    public bool Console { get; init; }
}
