using ParentProxy.Hosting;

namespace ParentProxy.Admin;

/// <summary>Where the configuration in effect comes from, and how the last reload went.</summary>
/// <param name="File">The file; null when there was none.</param>
/// <param name="InEffectSince">The last reload that took effect, or the start.</param>
/// <param name="LastReloadSucceeded">Whether the last reload took effect; true before the first.</param>
/// <param name="Problems">Why the last one was refused; empty when it was not.</param>
/// <param name="NeedRestart">The paths at which it differs from what runs until the next start.</param>
internal sealed record ConfigurationView(
    string? File,
    DateTimeOffset InEffectSince,
    bool LastReloadSucceeded,
    IReadOnlyList<string> Problems,
    IReadOnlyList<string> NeedRestart)
{
    /// <summary>Shows how it is now.</summary>
    public static ConfigurationView Of(ReloadStatus reloads) => new(
        reloads.File,
        reloads.InEffectSince,
        reloads.LastSucceeded,
        reloads.LastSucceeded ? [] : reloads.Problems,
        reloads.NeedRestart);
}
