using ParentProxy.Http1;

namespace ParentProxy.Egress.Tunnels;

/// <summary>The head of a request to the HTTP proxy (RFC 9112).</summary>
/// <param name="Method">The method, as it was sent.</param>
/// <param name="Target">The request target, as it was sent: visible ASCII.</param>
/// <param name="MinorVersion">0 or 1.</param>
/// <param name="Fields">The fields in their order, but for what their bytes mean.</param>
internal sealed record ProxyRequest(string Method, string Target, int MinorVersion, IReadOnlyList<FieldLine> Fields)
{
    /// <summary>Whether the connection is to be kept when the request is over.</summary>
    public bool KeepsAlive => MinorVersion == 1 ? !HasOption("close") : HasOption("keep-alive");

    /// <summary>The values of the fields of a name, in any case.</summary>
    public IEnumerable<string> Values(string name) =>
        Fields.Where(field => field.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(field => field.Value);

    /// <summary>The members of the lists that the fields of a name hold.</summary>
    public IEnumerable<string> Members(string name) =>
        Values(name).SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));

    // Clients of proxies write one or the other, or both.
    private bool HasOption(string option) =>
        Members("Connection").Concat(Members("Proxy-Connection")).Contains(option, StringComparer.OrdinalIgnoreCase);
}
