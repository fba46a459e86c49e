namespace ParentProxy.Dns;

/// <summary>Classes of records, of which the Internet's alone is in use.</summary>
internal static class DnsClass
{
    public const ushort In = 1;
}
