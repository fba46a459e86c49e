namespace ParentProxy.Inside.Names;

/// <summary>How a question of a program inside ended: the label <c>result</c> of the metric.</summary>
internal enum NameResult
{
    /// <summary>The parent knew: there are records, or none of this type.</summary>
    Answered,

    /// <summary>The parent knew that the name does not exist, or does not tell this enclave.</summary>
    NxDomain,

    /// <summary>From memory, or together with an equal question of the same moment.</summary>
    Cached,

    /// <summary>From memory, its time over, since the parent did not know.</summary>
    Stale,

    /// <summary>It is nothing that is answered here: NOTIMP, REFUSED, BADVERS.</summary>
    Refused,

    /// <summary>It was malformed: FORMERR, or no answer where there was nothing to answer to.</summary>
    Malformed,

    /// <summary>The parent said so, or too many questions were open to ask it.</summary>
    ServFail,

    /// <summary>The parent was away, or said nothing in time: SERVFAIL.</summary>
    Timeout,
}
