namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// What a simulated attester does wrong. Over HTTP a fault is called by its name in lower case with hyphens: <c>no-newline</c>.
/// </summary>
public enum AttestationFault
{
    /// <summary>Every document is as it should be, and so is every answer.</summary>
    None,

    /// <summary>The timestamp lies ten minutes back.</summary>
    Stale,

    /// <summary>The document holds another nonce, of the same length.</summary>
    WrongNonce,

    /// <summary>The document holds no nonce.</summary>
    NoNonce,

    /// <summary>The first document that this attester ever made comes again.</summary>
    Replay,

    /// <summary>PCR0, 1 and 2 are those of another image.</summary>
    OtherImage,

    /// <summary>PCR0, 1, 2 and 8 are zero, as in debug mode.</summary>
    Debug,

    /// <summary>The certificate that signs ended an hour ago.</summary>
    ExpiredLeaf,

    /// <summary>One bit of the signature is flipped.</summary>
    BadSignature,

    /// <summary>All certificates are those of another root with the same names.</summary>
    OtherRoot,

    /// <summary>The document is that of an instance's TPM: <c>nitrotpm_pcrs</c> in place of <c>pcrs</c>, from the same root.</summary>
    Nitrotpm,

    /// <summary>Half an answer, then the end of the connection.</summary>
    Cut,

    /// <summary>The answer comes byte by byte, with <see cref="SimulatedAttester.SlowPause"/> between two.</summary>
    Slow,

    /// <summary>The line has no end, and the connection stays open. Over HTTP, where no line ends, an ordinary answer.</summary>
    NoNewline,

    /// <summary>The connection is closed without an answer.</summary>
    Empty,

    /// <summary>The answer comes twice, one behind the other.</summary>
    TwoObjects,

    /// <summary>What should be a document are 10 MiB of base64.</summary>
    Huge,

    /// <summary>An error and no document; over HTTP with status 200.</summary>
    Error,

    /// <summary>The answer is no JSON.</summary>
    NotJson,
}
