using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The names in a chain: shaped like Amazon's, and visibly none of them. The last one, of the enclave, is as a real one, since
/// verifiers compare it with the module's id.
/// </summary>
internal sealed record CertificateNames(
    X500DistinguishedName Root, X500DistinguishedName Regional, X500DistinguishedName Zonal)
{
    private const string Region = "sim-local-1";
    private const string Suffix = "not-aws.nitro-enclaves";
    private const string Country = "US";
    private const string Nowhere = "Nowhere";
    private const string Organization = "not-Amazon";
    private const string Unit = "not-AWS";

    /// <summary>Names of a new authority; its parts below the root are told apart by random numbers.</summary>
    public static CertificateNames Create() => new(
        Name(Suffix),
        Name($"{Random()}.{Region}.{Suffix}"),
        ZonalName($"{Random()}.zonal.{Region}.{Suffix}"));

    public static X500DistinguishedName Instance(string instanceId) => Name($"{instanceId}.{Region}.{Suffix}", Nowhere);

    public static X500DistinguishedName Leaf(string moduleId) => Name($"{moduleId}.{Region}.aws", Nowhere);

    // The builder takes the parts of a name in the order in which people write it; the certificate has the reverse.
    private static X500DistinguishedName Name(string commonName, string? place = null)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddCommonName(commonName);
        name.AddOrganizationalUnitName(Unit);
        name.AddOrganizationName(Organization);
        if (place is not null)
        {
            name.AddLocalityName(place);
            name.AddStateOrProvinceName(place);
        }

        name.AddCountryOrRegion(Country);
        return name.Build();
    }

    // Real ones have another order, too.
    private static X500DistinguishedName ZonalName(string commonName)
    {
        var name = new X500DistinguishedNameBuilder();
        name.AddLocalityName(Nowhere);
        name.AddStateOrProvinceName(Nowhere);
        name.AddCountryOrRegion(Country);
        name.AddOrganizationName(Organization);
        name.AddOrganizationalUnitName(Unit);
        name.AddCommonName(commonName);
        return name.Build();
    }

    private static string Random() => RandomNumberGenerator.GetHexString(16, lowercase: true);
}
