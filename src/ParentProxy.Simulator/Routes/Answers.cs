using System.Text.Json.Serialization;

namespace ParentProxy.Simulator.Routes;

internal sealed record ErrorAnswer(int Status, string Error);

internal sealed record StatusAnswer(int Status);

internal sealed record HealthAnswer(string Status, string? Timestamp);

internal sealed record ControlAnswer(bool Healthy, double LatencyMs, double FailureRate, long Requests, long HealthRequests);

internal sealed record DigestAnswer(string Sha256, long Length);

internal sealed record WaitedAnswer(int Ms);

internal sealed record EchoAnswer(
    string Enclave,
    string Method,
    string RawTarget,
    string Protocol,
    IReadOnlyDictionary<string, string[]> Headers,
    long BodyLength,
    string Body,
    IReadOnlyDictionary<string, string[]>? Trailers);

internal sealed record AttestationAnswer(string Platform, string Format, string? Nonce, string Error, AttestationMetadata? Metadata);

internal sealed record AttestationMetadata(
    string Message,
    [property: JsonPropertyName("supported_platforms")] IReadOnlyList<string> SupportedPlatforms);

internal sealed record AttestedAnswer(string Platform, string Format, string? Nonce, string Attestation, AttestedMetadata Metadata);

/// <summary>What stands beside a document, signed by nobody; the last three are constants of the real server too.</summary>
internal sealed record AttestedMetadata(
    [property: JsonPropertyName("document_size_bytes")] int DocumentSizeBytes,
    [property: JsonPropertyName("pcr_publication")] string PcrPublication,
    [property: JsonPropertyName("verification_instructions")] string VerificationInstructions,
    double Timestamp,
    IReadOnlyDictionary<int, string> Pcrs,
    [property: JsonPropertyName("certificate_chain")] IReadOnlyList<byte[]> CertificateChain,
    [property: JsonPropertyName("module_id")] string ModuleId,
    string Digest = "SHA384",
    [property: JsonPropertyName("debug_mode")] bool DebugMode = false,
    [property: JsonPropertyName("secure_boot")] bool SecureBoot = true,
    [property: JsonPropertyName("memory_encryption")] bool MemoryEncryption = true);

internal sealed record AttesterAnswer(
    string ModuleId,
    string Image,
    bool Debug,
    string Fault,
    double SlowMs,
    long Documents,
    string RootSha256,
    IReadOnlyDictionary<int, string> Pcrs);

/// <summary>The answers' JSON, generated at build time: the first answer must not wait for reflection.</summary>
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSerializable(typeof(DigestAnswer))]
[JsonSerializable(typeof(WaitedAnswer))]
[JsonSerializable(typeof(EchoAnswer))]
[JsonSerializable(typeof(AttestationAnswer))]
[JsonSerializable(typeof(AttestedAnswer))]
[JsonSerializable(typeof(AttesterAnswer))]
internal sealed partial class AnswersJson : JsonSerializerContext;
