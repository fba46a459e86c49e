namespace ParentProxy.Egress.Lookups;

/// <summary>How a question of an enclave ended: the label <c>result</c> of the metric.</summary>
internal enum DnsResult
{
    /// <summary>A resolver knew: there are records, or none of this type.</summary>
    Answered,

    /// <summary>A resolver knew that the name does not exist.</summary>
    NxDomain,

    /// <summary>From memory, whatever it was.</summary>
    Cached,

    /// <summary>From memory, its time over, since no resolver knew.</summary>
    Stale,

    /// <summary>No rule names it: NXDOMAIN; REFUSED for the root, which exists.</summary>
    Denied,

    /// <summary>It is nothing that is answered here, such as a transfer of a zone: NOTIMP, REFUSED, BADVERS.</summary>
    Refused,

    /// <summary>It was malformed: FORMERR, or no answer where there was nothing to answer to.</summary>
    FormErr,

    /// <summary>The resolvers failed: SERVFAIL or what else they said; or too many questions were open to ask them.</summary>
    ServFail,

    /// <summary>No resolver said anything within two seconds: SERVFAIL.</summary>
    Timeout,
}
