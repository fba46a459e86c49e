using ParentProxy.Tests.Transparency.Cases;

namespace ParentProxy.Tests.Transparency;

/// <summary>All cases, by name.</summary>
internal static class WireCases
{
    public static IReadOnlyDictionary<string, WireCase> All { get; } = ((IEnumerable<WireCase>[])
    [
        Target.Cases,
        Methods.Cases,
        Fields.Cases,
    ]).SelectMany(cases => cases).ToDictionary(c => c.Name);
}
