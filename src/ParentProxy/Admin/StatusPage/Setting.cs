namespace ParentProxy.Admin.StatusPage;

/// <summary>One setting in effect.</summary>
/// <param name="Section">The section, the first part of the path.</param>
/// <param name="Key">The rest of the path.</param>
/// <param name="Value">The value, redacted where it could be a secret; null when it is not set.</param>
/// <param name="IsDefault">Whether it is what it would be without any configuration.</param>
internal sealed record Setting(string Section, string Key, string? Value, bool IsDefault);
