namespace ParentProxy.Ingress.Forwarding;

/// <summary>How a try failed.</summary>
/// <param name="Kind">The kind, which decides the answer.</param>
/// <param name="Code">The errno by name, or a word for what is none.</param>
/// <param name="Detail">What happened.</param>
/// <param name="Hint">What an operator can do.</param>
internal sealed record AttemptFailure(FailureKind Kind, string Code, string Detail, string Hint);
