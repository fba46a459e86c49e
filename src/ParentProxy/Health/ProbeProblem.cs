using System.Text.Json;
using ParentProxy.Runtime;

namespace ParentProxy.Health;

/// <summary>What an enclave says of itself that is not well: the <c>detail</c> of a problem document (RFC 9457).</summary>
internal static class ProbeProblem
{
    private const int MaxBytes = 4096;

    /// <summary>
    /// The sentence, in one line and without anything that a terminal would obey; null where there is none. It is the word of the enclave.
    /// </summary>
    public static async Task<string?> ReadAsync(HttpResponseMessage response, CancellationToken cancellationToken)
    {
        if (response.Content.Headers.ContentType?.MediaType is not "application/problem+json")
            return null;
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(cancellationToken);
            var buffer = new byte[MaxBytes];
            var length = await body.ReadAtLeastAsync(buffer, MaxBytes, throwOnEndOfStream: false, cancellationToken);
            using var document = JsonDocument.Parse(buffer.AsMemory(0, length));
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("detail", out var detail)
                && detail.ValueKind == JsonValueKind.String
                && ForeignText.Shown(detail.GetString()!) is { Length: > 0 } text
                ? text
                : null;
        }
        catch (Exception ex) when (ex is JsonException or IOException or InvalidOperationException or HttpRequestException)
        {
            // The status alone decides.
            return null;
        }
    }
}
