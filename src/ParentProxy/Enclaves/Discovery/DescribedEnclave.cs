namespace ParentProxy.Enclaves.Discovery;

/// <summary>An enclave as <c>nitro-cli describe-enclaves</c> tells of it.</summary>
/// <param name="Name">Its EnclaveName; the EnclaveID where nitro-cli is too old to have names.</param>
/// <param name="EnclaveId">Its EnclaveID: another one after each start.</param>
/// <param name="Cid">Its EnclaveCID.</param>
internal sealed record DescribedEnclave(string Name, string EnclaveId, uint Cid)
{
    /// <summary>The state of an enclave that runs.</summary>
    public const string Running = "RUNNING";

    /// <summary>RUNNING, TERMINATING or EMPTY; null when it was not told.</summary>
    public string? State { get; init; }

    /// <summary>Whether it was started with <c>--debug-mode</c>.</summary>
    public bool IsDebug { get; init; }

    /// <summary>Its processors; null when they were not told.</summary>
    public long? Cpus { get; init; }

    /// <summary>Its memory in MiB; null when it was not told.</summary>
    public long? MemoryMiB { get; init; }

    /// <summary>The PCRs of the image that it was started from, by <c>PCR0</c> and so on.</summary>
    public IReadOnlyDictionary<string, string> Measurements { get; init; } = new Dictionary<string, string>();
}
