namespace ParentProxy.Configuration;

/// <summary>Section <c>Egress:Connect</c>: the HTTP proxy for enclaves, by CONNECT and by absolute-form requests.</summary>
internal sealed record EgressConnectOptions : EgressListenerOptions;
