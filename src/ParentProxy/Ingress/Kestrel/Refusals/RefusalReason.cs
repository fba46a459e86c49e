namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>Why a request was refused for what it is, by us or by Kestrel. Limits that are reached are another matter.</summary>
internal enum RefusalReason
{
    /// <summary>Its head is not valid HTTP, or cannot be written as HTTP/1.1.</summary>
    Head,

    /// <summary>Its fields are too many or too large.</summary>
    HeadSize,

    /// <summary>Its head did not come in time.</summary>
    HeadTimeout,

    /// <summary>Its first line is too long.</summary>
    LineSize,

    /// <summary>Its version is none that is spoken here.</summary>
    Version,

    /// <summary>Where it ends can be read in several ways.</summary>
    Framing,

    /// <summary>Its target, or the target together with its method, is none that is forwarded.</summary>
    Target,

    /// <summary>Its body is not valid.</summary>
    Body,

    /// <summary>Its body is larger than allowed.</summary>
    BodySize,

    /// <summary>The rest of its body did not come in time.</summary>
    BodyTimeout,

    /// <summary>No route matches it.</summary>
    Route,

    /// <summary>An HTTP/2 stream was reset before there was a request.</summary>
    Http2Stream,

    /// <summary>An HTTP/2 connection was closed with an error, and all streams with it.</summary>
    Http2Connection,
}
