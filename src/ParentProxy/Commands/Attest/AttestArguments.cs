using ParentProxy.Endpoints;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Attest;

/// <summary>The arguments of <c>parent-proxy attest</c>, which fit together.</summary>
internal sealed record AttestArguments
{
    /// <summary>What is to be done.</summary>
    public AttestMode Mode { get; init; }

    /// <summary>The endpoint, where one was named.</summary>
    public EnclaveEndpoint? Endpoint { get; init; }

    /// <summary>The Id or Name of an enclave, where one was named.</summary>
    public string? Enclave { get; init; }

    /// <summary>The CID, where one was named. Without any of the three the first enclave that runs is asked.</summary>
    public uint? Cid { get; init; }

    /// <summary>The port; null for the usual one.</summary>
    public uint? Port { get; init; }

    /// <summary>How HTTP is spoken; null for JSON lines.</summary>
    public HttpAttestationOptions? Http { get; init; }

    /// <summary>How long the enclave may take.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The nonce; null for a fresh one, and for a file for none.</summary>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>What shall stand beside it in the document.</summary>
    public string? UserData { get; init; }

    /// <summary>Whether a key shall stand there.</summary>
    public bool GenerateKey { get; init; }

    /// <summary>The file that the document is read from, instead of asking for one.</summary>
    public string? File { get; init; }

    /// <summary>Where in such a file the document is, if not where servers put it.</summary>
    public Configuration.JsonPointer? Pointer { get; init; }

    /// <summary>The time by which it is judged; null for now.</summary>
    public DateTimeOffset? At { get; init; }

    /// <summary>The values that are pinned by hand, by index.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<string>> Pcrs { get; init; } = new Dictionary<int, IReadOnlyList<string>>();

    /// <summary>The file with the measurements of a build.</summary>
    public string? PcrsFrom { get; init; }

    /// <summary>The file of another root than that of AWS.</summary>
    public string? Root { get; init; }

    /// <summary>Whether debug mode passes.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>Whether it is a success that nothing was pinned.</summary>
    public bool AllowUnpinned { get; init; }

    /// <summary>Where the document is kept, or the pins.</summary>
    public string? Save { get; init; }

    /// <summary>Whether JSON is printed.</summary>
    public bool Json { get; init; }
}
