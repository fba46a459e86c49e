using System.Runtime.InteropServices;
using ParentProxy.Runtime;

namespace ParentProxy.Sockets;

/// <summary>
/// The last descriptors of the process, which connections leave alone. Without a free one the runtime cannot load an assembly
/// or begin a thread, and ends the process; the log, the probes, the configuration and the admin listener need theirs, too.
/// </summary>
/// <remarks>
/// The kernel hands out the lowest number that is free, so that a number tells how many are open. Without a limit everything
/// is free.
/// </remarks>
internal sealed partial class DescriptorReserve
{
    /// <summary>What clients' connections leave: to the requests of those that are open, and to the process.</summary>
    public static readonly DescriptorReserve Clients = new(64);

    /// <summary>What requests' connections to enclaves leave to the process.</summary>
    public static readonly DescriptorReserve Requests = new(32);

    private const int DuplicateCloseOnExec = 1030;

    private DescriptorReserve(int size) => Size = size;

    /// <summary>How many descriptors it has.</summary>
    public int Size { get; }

    /// <summary>Whether a descriptor is one of them.</summary>
    public bool Contains(SafeHandle descriptor) => Contains(descriptor.DangerousGetHandle());

    /// <summary>Whether the next descriptor will be one of them, or there is none at all.</summary>
    /// <param name="any">One that is open.</param>
    public bool IsNext(SafeHandle any)
    {
        var next = Duplicate(any, DuplicateCloseOnExec, 0);
        if (next < 0)
            return true;
        _ = Close(next);
        return Contains(next);
    }

    private bool Contains(nint number) => OpenFileLimit.Recent() is { } limit && number >= limit - Size;

    [LibraryImport("libc", EntryPoint = "fcntl")]
    private static partial int Duplicate(SafeHandle descriptor, int command, int lowest);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
