namespace ParentProxy.Vsock;

/// <summary>The context identifiers (CIDs) that have a fixed meaning on AF_VSOCK (vsock(7)).</summary>
public static class VsockCid
{
    /// <summary>Any local CID: for listening (<c>VMADDR_CID_ANY</c>, printed as 4294967295).</summary>
    public const uint Any = uint.MaxValue;

    /// <summary>The hypervisor; reserved, nothing answers there today.</summary>
    public const uint Hypervisor = 0;

    /// <summary>This machine itself, when the kernel module <c>vsock_loopback</c> is loaded.</summary>
    public const uint Local = 1;

    /// <summary>The host, seen from an ordinary virtual machine.</summary>
    public const uint Host = 2;

    /// <summary>The parent instance, seen from an AWS Nitro enclave.</summary>
    public const uint NitroParent = 3;
}
