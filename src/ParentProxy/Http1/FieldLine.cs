namespace ParentProxy.Http1;

/// <summary>A field line (RFC 9110 §5.2).</summary>
/// <param name="Name">As it was spelled.</param>
/// <param name="Value">Without white space around it; each character is a byte (Latin-1).</param>
internal readonly record struct FieldLine(string Name, string Value);
