namespace ParentProxy.Dns;

/// <summary>Types of records that are known by name here, as IANA numbers them.</summary>
internal static class DnsType
{
    public const ushort A = 1;
    public const ushort Cname = 5;
    public const ushort Soa = 6;
    public const ushort Hinfo = 13;
    public const ushort Aaaa = 28;
    public const ushort Opt = 41;

    /// <summary>From here to 255 it is no data that is asked for but something about the server or the message (RFC 6895 §3.1).</summary>
    public const ushort FirstMeta = 128;

    public const ushort Any = 255;
}
