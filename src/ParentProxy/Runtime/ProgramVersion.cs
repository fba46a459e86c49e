using System.Reflection;

namespace ParentProxy.Runtime;

/// <summary>The version of the program; told to operators, never on the public port.</summary>
internal static class ProgramVersion
{
    /// <summary>The version without the commit behind its <c>+</c>, like <c>0.1.0</c>; <c>unknown</c> in a build without one.</summary>
    public static string Text { get; } =
        typeof(ProgramVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
            ?? "unknown";
}
