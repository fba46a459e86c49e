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

/// <summary>The answers' JSON, generated at build time: the first answer must not wait for reflection.</summary>
[JsonSerializable(typeof(ErrorAnswer))]
[JsonSerializable(typeof(StatusAnswer))]
[JsonSerializable(typeof(HealthAnswer))]
[JsonSerializable(typeof(ControlAnswer))]
[JsonSerializable(typeof(DigestAnswer))]
[JsonSerializable(typeof(WaitedAnswer))]
[JsonSerializable(typeof(EchoAnswer))]
[JsonSerializable(typeof(AttestationAnswer))]
internal sealed partial class AnswersJson : JsonSerializerContext;
