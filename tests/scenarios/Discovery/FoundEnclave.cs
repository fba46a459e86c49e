using System.Globalization;
using System.Text;

namespace ParentProxy.Scenarios.Discovery;

/// <summary>An enclave as nitro-cli tells of it.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Cid">Its CID.</param>
/// <param name="Run">Counts its starts.</param>
internal sealed record FoundEnclave(string Name, uint Cid, int Run = 1)
{
    /// <summary>What <c>describe-enclaves</c> of nitro-cli 1.4 prints for it.</summary>
    public object Description => new
    {
        EnclaveName = Name,
        EnclaveID = string.Create(
            CultureInfo.InvariantCulture, $"i-0123456789abcdef0-enc{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(Name))}{Run:x4}"),
        ProcessID = 1000 + Run,
        EnclaveCID = Cid,
        NumberOfCPUs = 2,
        CPUIDs = (int[])[1, 3],
        MemoryMiB = 512,
        State = "RUNNING",
        Flags = "NONE",
        Measurements = new
        {
            HashAlgorithm = "Sha384 { ... }",
            PCR0 = new string('a', 96),
            PCR1 = new string('b', 96),
            PCR2 = new string('c', 96),
        },
    };
}
