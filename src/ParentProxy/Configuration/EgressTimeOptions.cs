namespace ParentProxy.Configuration;

/// <summary>Section <c>Egress:Time</c>: the parent's clock, for enclaves.</summary>
internal sealed record EgressTimeOptions : EgressListenerOptions;
