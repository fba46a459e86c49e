using System.Security.Cryptography;

namespace ParentProxy.Attestation.Certificates;

/// <summary>
/// The chains whose signatures were found to hold. A certificate signs documents for three hours, and four fifths of a verification
/// are what stands above it, which stays as it is. What changes with time is checked each time.
/// </summary>
internal sealed class ChainCache
{
    private const int MaxEntries = 256; // the enclaves of a machine are fewer

    private readonly Lock _gate = new();
    private readonly Dictionary<string, TrustedChain> _chains = [];
    private readonly Queue<string> _byAge = [];

    /// <summary>What identifies the chain of a document: SHA-256 over the lengths and bytes of its certificates.</summary>
    public static string KeyOf(AttestationDocument document)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Span<byte> length = stackalloc byte[sizeof(int)];
        foreach (var certificate in document.CaBundle.Append(document.Certificate))
        {
            BitConverter.TryWriteBytes(length, certificate.Length);
            hash.AppendData(length);
            hash.AppendData(certificate.Span);
        }

        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        return Convert.ToHexString(digest);
    }

    /// <summary>The chain, where it was seen before; else null.</summary>
    public TrustedChain? Find(string key)
    {
        lock (_gate)
            return _chains.GetValueOrDefault(key);
    }

    /// <summary>Remembers a chain; forgets the oldest where there are too many.</summary>
    public void Add(string key, TrustedChain chain)
    {
        lock (_gate)
        {
            if (!_chains.TryAdd(key, chain))
                return;
            _byAge.Enqueue(key);
            if (_byAge.Count > MaxEntries)
                _chains.Remove(_byAge.Dequeue());
        }
    }
}
