namespace ParentProxy.Dns;

/// <summary>The second two bytes of a message (RFC 1035 §4.1.1, RFC 4035 §3).</summary>
[Flags]
internal enum DnsFlags
{
    None = 0,

    /// <summary>Bits of the <see cref="DnsResponseCode"/>, its lower part.</summary>
    ResponseCode = 0x000F,
    CheckingDisabled = 0x0010,
    AuthenticData = 0x0020,
    RecursionAvailable = 0x0080,
    RecursionDesired = 0x0100,
    Truncated = 0x0200,
    Authoritative = 0x0400,

    /// <summary>Bits of what is wanted; 0 is an ordinary question.</summary>
    Opcode = 0x7800,
    Response = 0x8000,
}
