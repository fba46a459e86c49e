namespace ParentProxy.Configuration.Reading;

/// <summary>Why a text has no value.</summary>
/// <param name="Reason">The reason, for an operator.</param>
internal readonly record struct Mistake(string Reason);
