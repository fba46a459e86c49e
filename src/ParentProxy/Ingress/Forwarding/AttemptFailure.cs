namespace ParentProxy.Ingress.Forwarding;

/// <summary>How an attempt failed, or a request that none was made for.</summary>
/// <param name="Kind">The kind; what that means, <see cref="FailureTable"/> says.</param>
/// <param name="Code">The errno by name, or a word for what is none.</param>
/// <param name="Detail">What happened.</param>
/// <param name="Hint">What an operator can do; empty for nothing.</param>
internal sealed record AttemptFailure(FailureKind Kind, string Code, string Detail, string Hint)
{
    /// <summary>The body of the request outgrew <c>Limits:MaxRequestBodyBytes</c>.</summary>
    public static AttemptFailure BodyTooLarge { get; } =
        new(FailureKind.BodyTooLarge, "413", "the request body is larger than allowed", "Limits:MaxRequestBodyBytes sets the limit.");

    /// <summary>The request was under way when the time for that was over.</summary>
    public static AttemptFailure Stopped { get; } = OfStop(FailureKind.Stopped);

    /// <summary>The same for an upgraded connection.</summary>
    public static AttemptFailure TunnelStopped { get; } = OfStop(FailureKind.TunnelStopped);

    /// <summary>The client went away.</summary>
    /// <param name="code">The errno by name, or a word for what is none.</param>
    public static AttemptFailure ClientGone(string code) => new(FailureKind.ClientGone, code, "the client went away", "");

    /// <summary>Kestrel could not read the body of the request.</summary>
    /// <param name="why">Kestrel's sentence.</param>
    public static AttemptFailure BadRequestBody(string why) =>
        new(FailureKind.BadRequestBody, "400", $"the request body is not valid: {why}", "");

    private static AttemptFailure OfStop(FailureKind kind) => new(
        kind,
        "stopped",
        "the program stopped, and Timeouts:Drain was over",
        "Timeouts:Drain sets how long requests and upgraded connections may take to finish.");
}
