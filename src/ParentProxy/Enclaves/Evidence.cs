namespace ParentProxy.Enclaves;

/// <summary>Something that traffic showed and a probe has to confirm.</summary>
/// <param name="Kind">What kind.</param>
/// <param name="Reason">For the log.</param>
internal sealed record Evidence(EvidenceKind Kind, string Reason);
