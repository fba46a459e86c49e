namespace ParentProxy.Dns;

/// <summary>Where a record is in its message, and its fixed part.</summary>
/// <param name="Section">Its section.</param>
/// <param name="Start">Where its name begins.</param>
/// <param name="FixedAt">Where what follows the name begins.</param>
/// <param name="End">Where what follows the record begins.</param>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">Its time to live in seconds, as it stands there; of an OPT record something else.</param>
internal readonly record struct DnsRecord(DnsSection Section, int Start, int FixedAt, int End, ushort Type, uint Ttl)
{
    /// <summary>Type, class, time to live, and length of the data.</summary>
    public const int FixedBytes = 10;

    /// <summary>Where its class begins; in an OPT record that is the size of what its sender takes over UDP.</summary>
    public int ClassAt => FixedAt + 2;

    /// <summary>Where its time to live begins.</summary>
    public int TtlAt => FixedAt + 4;

    /// <summary>Where its data begins.</summary>
    public int DataAt => FixedAt + FixedBytes;

    /// <summary>The seconds that it may be remembered: a value with the highest bit set is none (RFC 2181 §8).</summary>
    public uint Lifetime => Ttl > int.MaxValue ? 0 : Ttl;
}
