using System.Diagnostics.CodeAnalysis;

namespace ParentProxy.Commands;

/// <summary>What this file was made for.</summary>
internal static class Edition
{
    /// <summary>
    /// Whether it is for the image of an enclave, and has the command <c>enclave</c> alone. What else there is the compiler then leaves
    /// out: a file a third smaller, which takes a third less of the enclave's memory, and less code in what is measured.
    /// </summary>
    [FeatureSwitchDefinition("ParentProxy.ForEnclaves")]
    public static bool IsForEnclaves => AppContext.TryGetSwitch("ParentProxy.ForEnclaves", out var isOn) && isOn;
}
