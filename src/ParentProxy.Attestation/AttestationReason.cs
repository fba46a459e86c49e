namespace ParentProxy.Attestation;

/// <summary>
/// Why a document was rejected, in the order in which the checks are made: a document with several faults has the first.
/// <see cref="AttestationReasons.Code"/> gives the word that logs, metrics and JSON have for it.
/// </summary>
public enum AttestationReason
{
    /// <summary>It was not rejected.</summary>
    None,

    /// <summary>The document is empty or larger than <see cref="AttestationDocument.MaxBytes"/>.</summary>
    DocumentSize,

    /// <summary>The text is not base64.</summary>
    Base64,

    /// <summary>The bytes are not well-formed CBOR.</summary>
    MalformedCbor,

    /// <summary>The document has a tag other than 18 (COSE_Sign1), or more than one.</summary>
    CoseTag,

    /// <summary>The document has not the four parts of a COSE_Sign1 structure, or one of them has the wrong type or size.</summary>
    CoseStructure,

    /// <summary>Something follows the document or its payload.</summary>
    TrailingData,

    /// <summary>A map has the same key twice.</summary>
    DuplicateKey,

    /// <summary>The protected header does not name ES384 as the algorithm.</summary>
    Algorithm,

    /// <summary>The protected header says more than the algorithm, or in other bytes than the security module writes.</summary>
    ProtectedHeader,

    /// <summary>The unprotected header, which no signature covers, is not empty.</summary>
    UnprotectedHeader,

    /// <summary>A field of the payload has the wrong type.</summary>
    FieldType,

    /// <summary>It is the document of something else than an enclave, of a NitroTPM above all.</summary>
    WrongDocumentType,

    /// <summary>A field is missing that has to be there.</summary>
    MissingField,

    /// <summary>A field is empty or too long.</summary>
    FieldSize,

    /// <summary>The digest is not SHA384.</summary>
    Digest,

    /// <summary>The timestamp is no time in milliseconds since 1970.</summary>
    Timestamp,

    /// <summary>There are no PCRs.</summary>
    PcrCount,

    /// <summary>The index of a PCR is not 0 to 31.</summary>
    PcrIndex,

    /// <summary>A PCR does not have the 48 bytes of a SHA-384 digest.</summary>
    PcrLength,

    /// <summary>There are no certificates in <c>cabundle</c>, or too many.</summary>
    CaBundle,

    /// <summary>The chain does not begin at the root that is trusted.</summary>
    UntrustedRoot,

    /// <summary>A certificate cannot be read, or something follows it.</summary>
    CertificateParse,

    /// <summary>A certificate's key is not on P-384, or it was not signed with ECDSA and SHA-384.</summary>
    CertificateAlgorithm,

    /// <summary>A certificate was not issued by the one before it: the order is another.</summary>
    CaBundleOrder,

    /// <summary>A certificate was signed by the one before it, but names another issuer.</summary>
    IssuerMismatch,

    /// <summary>A certificate's issuer is missing.</summary>
    ChainIncomplete,

    /// <summary>A certificate that issues others is no CA, or the one that signed the document is.</summary>
    BasicConstraints,

    /// <summary>There are more certificates below a CA than it allows.</summary>
    PathLength,

    /// <summary>A certificate may not be used for what it was used for.</summary>
    KeyUsage,

    /// <summary>A certificate has a critical extension that is not understood.</summary>
    CriticalExtension,

    /// <summary>A certificate is not valid yet, or no longer.</summary>
    Validity,

    /// <summary>The signature of a certificate is not its issuer's.</summary>
    ChainSignature,

    /// <summary>The certificate that signed is another enclave's than <c>module_id</c> says.</summary>
    ModuleId,

    /// <summary>The signature of the document is not that of its certificate.</summary>
    CoseSignature,

    /// <summary>The document is older than allowed, or from the future.</summary>
    Freshness,

    /// <summary>The enclave runs in debug mode: the parent can read its memory's console, and its PCRs say nothing.</summary>
    DebugMode,

    /// <summary>A PCR that is pinned has another value or is not there.</summary>
    PcrMismatch,

    /// <summary>The nonce is not the one that was asked for.</summary>
    Nonce,
}
