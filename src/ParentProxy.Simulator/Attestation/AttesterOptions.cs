using System.Security.Cryptography;
using ParentProxy.Simulator.Listening;

namespace ParentProxy.Simulator.Attestation;

/// <summary>How a simulated enclave attests.</summary>
public sealed record AttesterOptions
{
    private const int MaxModuleId = 48; // with region and suffix, the 64 characters that a common name may have

    /// <summary>
    /// Where the server of the one-line JSON protocol listens, as <see cref="SimulatorOptions.Listen"/>. A real one listens on vsock
    /// port 9000.
    /// </summary>
    /// <value>The default value is <see langword="null"/>: only <c>GET /attestation</c> attests.</value>
    public string? Listen { get; init; }

    /// <summary>Who signs; several enclaves can share one.</summary>
    /// <value>The default value is <see langword="null"/>: an authority of its own.</value>
    public SimulatedPki? Pki { get; init; }

    /// <summary>The name of the image, which PCR0, 1 and 2 stand for.</summary>
    /// <value>The default value is <c>simulated-image</c>.</value>
    public string Image { get; init; } = "simulated-image";

    /// <summary>Attests as an enclave in debug mode does: PCR0, 1, 2 and 8 are zero.</summary>
    /// <value>The default value is <see langword="false"/>.</value>
    public bool DebugImage { get; init; }

    /// <summary>The id of the enclave, as <c>i-…-enc…</c>; what stands before <c>-enc</c> is the parent's.</summary>
    /// <value>The default value is made anew for each instance of this record.</value>
    public string ModuleId { get; init; } =
        $"i-{RandomNumberGenerator.GetHexString(17, lowercase: true)}-enc{RandomNumberGenerator.GetHexString(16, lowercase: true)}";

    /// <summary>Reads <see cref="Listen"/> and checks the rest; adds every mistake to <paramref name="errors"/>.</summary>
    internal ListenAddress? Validate(List<string> errors)
    {
        ListenAddress? address = null;
        if (Listen is not null && !ListenAddress.TryParse(Listen, out address, out var error))
            errors.Add($"attestation: {error}");
        if (!IsImage(Image))
            errors.Add($"image '{Image}': {ImageForm}");
        if (ModuleId.Length is 0 or > MaxModuleId || !ModuleId.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'))
            errors.Add($"module id '{ModuleId}': 1 to {MaxModuleId} letters, digits and hyphens, as i-…-enc…");
        return address;
    }

    internal const string ImageForm = "1 to 256 characters";

    internal static bool IsImage(string image) => image.Length is > 0 and <= 256;
}
