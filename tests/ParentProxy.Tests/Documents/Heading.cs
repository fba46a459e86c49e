namespace ParentProxy.Tests.Documents;

/// <summary>A heading of a document.</summary>
/// <param name="Level">The number of its hashes.</param>
/// <param name="Text">What it says.</param>
/// <param name="Anchor">What a link to it ends with.</param>
/// <param name="Line">Where it stands, from 1.</param>
internal sealed record Heading(int Level, string Text, string Anchor, int Line);
