namespace ParentProxy.Egress;

/// <summary>How a connection of an enclave came out: the label <c>result</c> of the metric, in lower case.</summary>
internal enum EgressResult
{
    /// <summary>It reached its destination, or was served.</summary>
    Ok,

    /// <summary>No rule allows what it asked for, or one denies it.</summary>
    Denied,

    /// <summary>Its destination's name led nowhere.</summary>
    Unresolved,

    /// <summary>
    /// None of its destination's addresses took the connection; or the file that it came for could not be opened, or not be sent whole.
    /// </summary>
    Unreachable,

    /// <summary>What it sent is no request, or came too slowly.</summary>
    Malformed,

    /// <summary>Too many connections are open, or too many lookups.</summary>
    Limit,

    /// <summary>A fault of this program.</summary>
    Fault,
}
