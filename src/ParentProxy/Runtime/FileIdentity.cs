namespace ParentProxy.Runtime;

/// <summary>What tells a file from every other that exists at the same time.</summary>
/// <param name="Device">The file system.</param>
/// <param name="Number">Its number there.</param>
internal sealed record FileIdentity(ulong Device, ulong Number);
