namespace ParentProxy.Egress;

/// <summary>Something that an enclave asked for and did not get.</summary>
/// <param name="Peer">Who asked.</param>
/// <param name="Listener">Where, as it is configured.</param>
/// <param name="What">What for: a destination, a name, a file.</param>
/// <param name="Code">Why not, in one word: <c>denied</c>, an errno by name, <c>NXDOMAIN</c>, <c>timeout</c>.</param>
/// <param name="Reason">Why not, and what to do.</param>
/// <param name="First">When it was asked for first.</param>
/// <param name="Last">When it was asked for last.</param>
/// <param name="Count">How often.</param>
internal sealed record EgressRefusal(
    EgressPeer Peer,
    string Listener,
    string What,
    string Code,
    string Reason,
    DateTimeOffset First,
    DateTimeOffset Last,
    long Count);
