namespace ParentProxy.Attestation;

/// <summary>The words for <see cref="AttestationReason"/> in logs, metrics and JSON. They do not change.</summary>
public static class AttestationReasons
{
    /// <summary>The word for a reason, in lower case with hyphens; <c>none</c> for what was not rejected.</summary>
    /// <param name="reason">The reason.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such reason.</exception>
    public static string Code(this AttestationReason reason) => reason switch
    {
        AttestationReason.None => "none",
        AttestationReason.DocumentSize => "document-size",
        AttestationReason.Base64 => "base64",
        AttestationReason.MalformedCbor => "malformed-cbor",
        AttestationReason.CoseTag => "cose-tag",
        AttestationReason.CoseStructure => "cose-structure",
        AttestationReason.TrailingData => "trailing-data",
        AttestationReason.DuplicateKey => "duplicate-key",
        AttestationReason.Algorithm => "alg",
        AttestationReason.ProtectedHeader => "protected-header",
        AttestationReason.UnprotectedHeader => "unprotected-header",
        AttestationReason.FieldType => "field-type",
        AttestationReason.WrongDocumentType => "wrong-document-type",
        AttestationReason.MissingField => "missing-field",
        AttestationReason.FieldSize => "field-size",
        AttestationReason.Digest => "digest",
        AttestationReason.Timestamp => "timestamp",
        AttestationReason.PcrCount => "pcr-count",
        AttestationReason.PcrIndex => "pcr-index",
        AttestationReason.PcrLength => "pcr-length",
        AttestationReason.CaBundle => "cabundle",
        AttestationReason.UntrustedRoot => "untrusted-root",
        AttestationReason.CertificateParse => "certificate-parse",
        AttestationReason.CertificateAlgorithm => "certificate-alg",
        AttestationReason.CaBundleOrder => "cabundle-order",
        AttestationReason.IssuerMismatch => "issuer-mismatch",
        AttestationReason.ChainIncomplete => "chain-incomplete",
        AttestationReason.BasicConstraints => "basic-constraints",
        AttestationReason.PathLength => "path-length",
        AttestationReason.KeyUsage => "key-usage",
        AttestationReason.CriticalExtension => "critical-extension",
        AttestationReason.Validity => "validity",
        AttestationReason.ChainSignature => "chain-signature",
        AttestationReason.ModuleId => "module-id",
        AttestationReason.CoseSignature => "cose-signature",
        AttestationReason.Freshness => "freshness",
        AttestationReason.DebugMode => "debug-mode",
        AttestationReason.PcrMismatch => "pcr-mismatch",
        AttestationReason.Nonce => "nonce",
        _ => throw new ArgumentOutOfRangeException(nameof(reason), reason, null),
    };
}
