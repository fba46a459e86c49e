namespace ParentProxy.Fuzz;

/// <summary>An invariant does not hold.</summary>
/// <param name="invariant">Which, and what was seen.</param>
internal sealed class FindingException(string invariant) : Exception(invariant);
