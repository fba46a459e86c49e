namespace ParentProxy.Attestation;

/// <summary>What a document has to fulfil.</summary>
public sealed record AttestationPolicy
{
    /// <summary>The root that its certificates have to come from.</summary>
    /// <value>The default value is <see cref="TrustAnchor.AwsG1"/>.</value>
    public TrustAnchor Root { get; init; } = TrustAnchor.AwsG1;

    /// <summary>How old it may be when it is verified.</summary>
    /// <value>The default value is 5 minutes.</value>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How far the clock of the verifier may be behind: for so long a document may be from the future, and its certificates not be
    /// valid yet. It lengthens the life of none.
    /// </summary>
    /// <value>The default value is 10 seconds.</value>
    public TimeSpan ClockSkew { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// The measurements that the image has to have. Empty: any image of anybody, so that no document is
    /// <see cref="AttestationVerdict.Verified"/>.
    /// </summary>
    /// <value>The default value is <see cref="PcrPins.None"/>.</value>
    public PcrPins Pins { get; init; } = PcrPins.None;

    /// <summary>The nonce that the document has to carry, byte for byte; null when it was not asked for with one.</summary>
    /// <value>The default value is <see langword="null"/>.</value>
    public ReadOnlyMemory<byte>? Nonce { get; init; }

    /// <summary>
    /// Whether an enclave in debug mode passes: as <see cref="AttestationVerdict.Unpinned"/>, since its PCR0, 1, 2 and 8 are not
    /// compared.
    /// </summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool AllowDebug { get; init; }
}
