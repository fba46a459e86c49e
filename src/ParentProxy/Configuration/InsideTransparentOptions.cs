using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>
/// Section <c>Enclave:Transparent</c>: each name gets an address of <c>127.0.0.0/8</c> in <c>/etc/hosts</c>, and who connects there is
/// taken to that name by the parent's HTTP proxy.
/// </summary>
internal sealed record InsideTransparentOptions
{
    /// <summary>The most names: each has an address of 127.0.1.0/24 and the networks behind it.</summary>
    public const int MaxNames = 1000;

    /// <summary>Where that is when nothing says so.</summary>
    public static readonly EnclaveEndpoint UsualParent = EnclaveEndpoint.Vsock(3, 3128);

    /// <summary>Names with ports. A name with several ports has one address; <c>*.</c> is not possible in <c>/etc/hosts</c>.</summary>
    public required IReadOnlyList<Destination> Hosts { get; init; }

    /// <summary>Where the parent has <c>Egress:Connect</c>; that of <c>Enclave:Connect</c> unless it is set.</summary>
    public required EnclaveEndpoint To { get; init; }

    /// <summary>The file that gets the names.</summary>
    public string HostsFile { get; init; } = "/etc/hosts";
}
