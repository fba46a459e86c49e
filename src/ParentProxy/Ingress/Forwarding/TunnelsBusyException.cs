namespace ParentProxy.Ingress.Forwarding;

/// <summary>There are as many upgraded connections to the enclave as may be. Nothing was sent.</summary>
internal sealed class TunnelsBusyException() : IOException("as many upgraded connections to it are open as may be");
