namespace ParentProxy.Configuration;

/// <summary>Section <c>Vsock</c>.</summary>
internal sealed record VsockOptions
{
    /// <summary>Bytes given to the kernel in one write, 1 to 32400: larger ones are corrupted on some parent kernels.</summary>
    public int MaxWriteBytes { get; init; } = 28672;

    /// <summary>SO_VM_SOCKETS_BUFFER_SIZE in bytes; 0 leaves the kernel's default.</summary>
    public long BufferBytes { get; init; }

    /// <summary>When VMADDR_FLAG_TO_HOST is set.</summary>
    public ToHostMode ToHost { get; init; } = ToHostMode.Auto;
}
