using System.Collections.Frozen;
using System.Text.Json.Serialization;
using ParentProxy.Attestation;

namespace ParentProxy.Configuration;

/// <summary>
/// Section <c>Attestation</c>: how enclaves are asked for attestation documents, what these have to say, and what clients are told of
/// the images.
/// </summary>
internal sealed record AttestationOptions
{
    /// <summary>The port that JSON lines are spoken on, where none is set.</summary>
    public const uint JsonlPort = 9000;

    /// <summary>The path where none is set: that of Midnight's proof server.</summary>
    public const string DefaultPath = "/attestation";

    /// <summary>Where the document is in an answer where nothing else is set: also Midnight's.</summary>
    public const string DefaultPointer = "/attestation";

    /// <summary>What becomes of the verdicts.</summary>
    public AttestationMode Mode { get; init; } = AttestationMode.Off;

    /// <summary>How an enclave is asked.</summary>
    public AttestationProtocol Protocol { get; init; } = AttestationProtocol.Http;

    /// <summary>Path (and query) of the GET; <c>{nonce}</c> in it stands for the nonce, which else is added as <c>nonce=</c>.</summary>
    public string Path { get; init; } = DefaultPath;

    /// <summary>Where the document is in the answer to the GET.</summary>
    public JsonPointer Pointer { get; init; } = JsonPointer.Parse(DefaultPointer).Value;

    /// <summary>The port that is asked; each enclave's own for HTTP and 9000 for JSON lines when null.</summary>
    public uint? Port { get; init; }

    /// <summary>From one document to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>How old the last document that passed may become before the enclave loses its traffic.</summary>
    public TimeSpan MaxAge { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long one document may take, dial included.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The values that the PCRs of an image may have, by index, in lower case.</summary>
    public IReadOnlyDictionary<int, IReadOnlyList<string>> Pcrs { get; init; } = FrozenDictionary<int, IReadOnlyList<string>>.Empty;

    /// <summary>Files with the measurements of images, as <c>nitro-cli build-enclave</c> prints them: pinned as well.</summary>
    public IReadOnlyList<string> PcrsFrom { get; init; } = [];

    /// <summary>A file with the root certificate in the place of AWS's; null for AWS's.</summary>
    public string? Root { get; init; }

    /// <summary>Whether enclaves in debug mode pass, whose image nobody can tell.</summary>
    public bool AllowDebug { get; init; }

    /// <summary>The file that is served as <c>/.well-known/pcr-measurements.json</c>; null: the request goes to an enclave.</summary>
    public string? MeasurementsFile { get; init; }

    /// <summary>What <see cref="MeasurementsFile"/> holds; null without one.</summary>
    [JsonIgnore]
    public PcrMeasurements? Measurements { get; init; }

    /// <summary>What a document has to fulfil, but for its nonce: from <see cref="Root"/> and all pins.</summary>
    [JsonIgnore]
    public AttestationPolicy Policy { get; init; } = new();

    /// <summary>Whether enclaves are asked and judged alike, and clients told alike, from whatever files and lists that comes.</summary>
    public bool Equals(AttestationOptions? other) =>
        other is not null
        && (Mode, Protocol, Path, Port, Interval, MaxAge, Timeout, Policy)
            == (other.Mode, other.Protocol, other.Path, other.Port, other.Interval, other.MaxAge, other.Timeout, other.Policy)
        && Pointer.ToString() == other.Pointer.ToString()
        && Measurements?.EntityTag == other.Measurements?.EntityTag;

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Mode, Protocol, Path, Policy);
}
