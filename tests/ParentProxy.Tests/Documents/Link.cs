namespace ParentProxy.Tests.Documents;

/// <summary>A link of a document.</summary>
/// <param name="Line">Where it stands, from 1.</param>
/// <param name="Target">What is in its parentheses.</param>
internal sealed record Link(int Line, string Target);
