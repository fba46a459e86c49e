namespace ParentProxy.Ingress.Forwarding;

/// <summary>How far an attempt has come.</summary>
internal enum AttemptPhase
{
    /// <summary>A connection is dialled or waited for; the pool watches the time.</summary>
    Connecting,

    /// <summary>The request is being sent.</summary>
    Sending,

    /// <summary>The request is out, the head of the response is not in.</summary>
    AwaitingHead,

    /// <summary>The head is in, the body is under way.</summary>
    Receiving,

    /// <summary>The connection was upgraded.</summary>
    Tunnel,

    /// <summary>It is over, and nobody watches it any more.</summary>
    Ended,
}
