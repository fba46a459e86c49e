using ParentProxy.Configuration;

namespace ParentProxy.Trust.Clients;

/// <summary>How an application answers for its attestation over HTTP.</summary>
internal sealed record HttpAttestationOptions
{
    /// <summary>Stands in a path where the nonce belongs.</summary>
    public const string NoncePlace = "{nonce}";

    /// <summary>Path and query; without a place for the nonce it is added as the parameter <c>nonce</c>.</summary>
    public string Path { get; init; } = AttestationOptions.DefaultPath;

    /// <summary>Where the document is in the answer, as base64.</summary>
    public JsonPointer Pointer { get; init; } = JsonPointer.Parse(AttestationOptions.DefaultPointer).Value;

    /// <summary>The version that is spoken: 1.1 or 2.</summary>
    public Version HttpVersion { get; init; } = System.Net.HttpVersion.Version11;

    /// <summary>The <c>Host</c> field; <c>localhost</c> when null.</summary>
    public string? Host { get; init; }

    /// <summary>Whether over TLS, without a look at the certificate: the document proves what the certificate cannot.</summary>
    public bool IsTls { get; init; }

    /// <summary>Path and query with a nonce in its place.</summary>
    public string PathWith(string nonce)
    {
        var escaped = Uri.EscapeDataString(nonce);
        return Path.Contains(NoncePlace, StringComparison.Ordinal)
            ? Path.Replace(NoncePlace, escaped, StringComparison.Ordinal)
            : $"{Path}{(Path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}nonce={escaped}";
    }
}
