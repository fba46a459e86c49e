namespace ParentProxy.Admin;

/// <summary>That the process runs, as the admin listener shows it.</summary>
/// <param name="Status">Always <c>live</c>.</param>
internal sealed record LiveView(string Status = "live");
