namespace ParentProxy.Egress.Tunnels;

/// <summary>What an enclave sent is no request that a proxy can take; the connection is of no further use.</summary>
/// <param name="status">What it is answered with.</param>
/// <param name="reason">What is wrong with it; never holds what was sent.</param>
internal sealed class MalformedRequestException(int status, string reason) : Exception(reason)
{
    /// <summary>400, 408, 431, 501 or 505.</summary>
    public int Status => status;
}
