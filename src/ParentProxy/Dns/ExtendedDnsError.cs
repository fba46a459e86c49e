namespace ParentProxy.Dns;

/// <summary>Says in an OPT record why an answer is what it is (RFC 8914).</summary>
/// <param name="InfoCode">Its number: 3 stale, 17 filtered, 22 no resolver reached.</param>
/// <param name="Text">For a person.</param>
internal readonly record struct ExtendedDnsError(ushort InfoCode, string Text);
