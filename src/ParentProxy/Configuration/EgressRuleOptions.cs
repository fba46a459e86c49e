using System.Text.Json.Serialization;

namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Egress:Allow</c> or <c>Egress:Deny</c>, or of the allowlist file.</summary>
/// <param name="Location">Where it stands, which is its name in logs and metrics: <c>Egress:Allow:0</c>, or file and line.</param>
/// <param name="Cids">The CIDs that it holds for; null: all. With <paramref name="Enclaves"/> both must match.</param>
/// <param name="Enclaves">Patterns (<c>*</c>, <c>?</c>) of the Ids or Names of enclaves that it holds for; null: all.</param>
/// <param name="Hosts">What it names.</param>
internal sealed record EgressRuleOptions(
    [property: JsonIgnore] string Location,
    IReadOnlyList<uint>? Cids,
    IReadOnlyList<string>? Enclaves,
    IReadOnlyList<EgressHostPattern> Hosts)
{
    /// <summary>Whether it is an entry of the allowlist file.</summary>
    [JsonIgnore]
    public bool IsOfFile { get; init; }
}
