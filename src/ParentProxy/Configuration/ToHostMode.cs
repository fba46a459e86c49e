namespace ParentProxy.Configuration;

/// <summary>When <c>VMADDR_FLAG_TO_HOST</c> is set on a dial.</summary>
internal enum ToHostMode
{
    /// <summary>When this machine also runs VMs of its own, so that vhost_vsock would take the dial.</summary>
    Auto,

    /// <summary>On every dial, whatever else runs here.</summary>
    Always,

    /// <summary>On none: the kernel prefers vhost_vsock where it is loaded.</summary>
    Never,
}
