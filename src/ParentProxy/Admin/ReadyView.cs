namespace ParentProxy.Admin;

/// <summary>Whether the proxy should get traffic, as the admin listener shows it.</summary>
/// <param name="Status">The verdict.</param>
/// <param name="Reason">Why it should not; null when it should.</param>
internal sealed record ReadyView(string Status, string? Reason);
