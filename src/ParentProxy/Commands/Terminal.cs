namespace ParentProxy.Commands;

/// <summary>What the output goes to.</summary>
internal static class Terminal
{
    /// <summary>Whether it shows colours, and nobody minds (no-color.org).</summary>
    public static bool HasColour =>
        !Console.IsOutputRedirected
        && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
        && Environment.GetEnvironmentVariable("TERM") is not (null or "dumb");
}
