namespace ParentProxy.Trust.Clients;

/// <summary>
/// An enclave gave no attestation document. The message says what was tried where, what happened, and what to do.
/// </summary>
/// <param name="code">The short name.</param>
/// <param name="message">The sentences.</param>
/// <param name="inner">What is behind it.</param>
internal sealed class AttestationRequestException(string code, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>The code of an answer that did not come in time.</summary>
    public const string Timeout = "timeout";

    /// <summary>The code of an answer that is not of the protocol, or of none.</summary>
    public const string Protocol = "protocol";

    /// <summary>The code of an enclave that says why it gives no document.</summary>
    public const string Refused = "refused";

    /// <summary>The code of an answer that is larger than is read.</summary>
    public const string TooLarge = "too-large";

    /// <summary>The code of an HTTP status other than 200.</summary>
    public const string Status = "status";

    /// <summary>
    /// One of the codes above, or that of a dial or a connection that failed: an errno's name, <c>EAI_*</c>, <c>handshake</c>.
    /// </summary>
    public string Code { get; } = code;
}
