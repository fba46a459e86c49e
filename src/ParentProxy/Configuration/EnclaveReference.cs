using System.IO.Enumeration;

namespace ParentProxy.Configuration;

/// <summary>A destination of the form <c>enclave://X</c>: every enclave whose <c>Id</c> or <c>Name</c> matches the glob X.</summary>
internal static class EnclaveReference
{
    private const string Scheme = "enclave://";

    /// <summary>Whether an address has this form.</summary>
    public static bool IsReference(string address) => address.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>The enclaves that it names; none when it has another form.</summary>
    public static IEnumerable<EnclaveOptions> Match(string address, IEnumerable<EnclaveOptions> enclaves)
    {
        if (!IsReference(address))
            return [];
        var pattern = address[Scheme.Length..].TrimEnd('/');
        return enclaves.Where(e => Matches(pattern, e.Id) || Matches(pattern, e.Name));
    }

    private static bool Matches(string pattern, string name) => FileSystemName.MatchesSimpleExpression(pattern, name, ignoreCase: true);
}
