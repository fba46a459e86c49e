using System.Text.Json;

namespace ParentProxy.Simulator.Attestation;

/// <summary>The names by which people call the faults.</summary>
internal static class FaultNames
{
    private static readonly Dictionary<string, AttestationFault> ByName = Enum.GetValues<AttestationFault>().ToDictionary(NameOf);

    public static string All { get; } = string.Join(", ", ByName.Keys);

    public static string NameOf(AttestationFault fault) => JsonNamingPolicy.KebabCaseLower.ConvertName(fault.ToString());

    public static bool TryParse(string name, out AttestationFault fault) => ByName.TryGetValue(name, out fault);
}
