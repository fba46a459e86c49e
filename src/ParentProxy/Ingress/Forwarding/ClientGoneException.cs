namespace ParentProxy.Ingress.Forwarding;

/// <summary>The client went away while its response was under way.</summary>
internal sealed class ClientGoneException() : Exception("the client went away");
