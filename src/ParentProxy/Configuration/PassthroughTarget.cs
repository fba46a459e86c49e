using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;
using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>
/// Where a passthrough listener sends connections: <c>enclaves</c>, <c>enclave://X</c>, or an endpoint, which is an enclave of its
/// own unless one of section <c>Enclaves</c> is there.
/// </summary>
/// <param name="Text">The target as it is written.</param>
/// <param name="Pattern">What Id or Name of its enclaves match; null for an endpoint.</param>
/// <param name="Endpoint">The endpoint; null for a pattern.</param>
internal sealed record PassthroughTarget(string Text, string? Pattern, EnclaveEndpoint? Endpoint)
{
    /// <summary>All of section <c>Enclaves</c>, and all that discovery finds.</summary>
    public const string AllEnclaves = "enclaves";

    /// <summary>Reads what is written in <c>To</c> and in <c>Sni</c>, but for <c>reject</c>.</summary>
    /// <param name="text">The target.</param>
    /// <param name="port">In the place of an endpoint's own port; null for none.</param>
    public static Parsed<PassthroughTarget> Parse(string text, uint? port)
    {
        if (text.Equals(AllEnclaves, StringComparison.OrdinalIgnoreCase))
            return new PassthroughTarget(AllEnclaves, "*", null);
        if (EnclavePattern.TryParse(text, out var pattern))
        {
            return pattern.Length > 0
                ? new PassthroughTarget(text, pattern, null)
                : new Mistake($"{Quoted.Text(text)} names no enclave; write enclave://NAME");
        }

        if (!EnclaveEndpoint.TryParse(text, out var written, out var reason))
            return new Mistake($"names no target (enclaves, enclave://NAME, an endpoint, or reject): {reason}");
        var endpoint = port is { } other ? written!.WithPort(other) : written!;
        return EnclaveEndpoint.CheckPort(endpoint.Transport, endpoint.Port) is { } wrong && endpoint.Transport != EnclaveTransport.Unix
            ? new Mistake(wrong)
            : new PassthroughTarget(endpoint.ToString(), null, endpoint);
    }

    /// <summary>Whether its pattern means the enclave of this id and name.</summary>
    public bool Matches(string id, string name) =>
        Pattern is not null && (EnclavePattern.Matches(Pattern, id) || EnclavePattern.Matches(Pattern, name));

    /// <inheritdoc/>
    public override string ToString() => Text;
}
