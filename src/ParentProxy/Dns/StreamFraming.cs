namespace ParentProxy.Dns;

/// <summary>How messages stand on a stream.</summary>
internal enum StreamFraming
{
    /// <summary>Too little has come to tell.</summary>
    Undecided,

    /// <summary>Each behind its length in two bytes, as RFC 1035 §4.2.2 has it.</summary>
    Framed,

    /// <summary>As the datagrams that they were, one behind the other: what socat makes of UDP.</summary>
    Bare,
}
