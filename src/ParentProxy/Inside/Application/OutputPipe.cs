using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Inside.Application;

/// <summary>A pipe for a process to write to. Neither end goes to other processes.</summary>
internal sealed unsafe partial class OutputPipe : IDisposable
{
    private const int CloseOnExec = 0x80000;
    private const int SetPipeSize = 1031;

    /// <summary>What root may have; 64 KiB without, which is filled in a millisecond.</summary>
    private const int Size = 1024 * 1024;

    private OutputPipe(SafeFileHandle read, SafeFileHandle write) => (Read, Write) = (read, write);

    /// <summary>The end of who reads; <see cref="TakeRead"/> gives it away.</summary>
    public SafeFileHandle Read { get; private set; }

    /// <summary>The end of who writes, closed here once the process has it.</summary>
    public SafeFileHandle Write { get; private set; }

    /// <exception cref="ApplicationStartException">There are no descriptors left.</exception>
    public static OutputPipe Create()
    {
        var ends = stackalloc int[2];
        if (pipe2(ends, CloseOnExec) != 0)
            throw new ApplicationStartException(
                ApplicationStartException.NotExecutable,
                isPermanent: false,
                $"no pipe for its output ({new Vsock.Errno(Marshal.GetLastPInvokeError()).Name}): raise the limit of open files");
        _ = fcntl(ends[0], SetPipeSize, Size);
        return new OutputPipe(new SafeFileHandle(ends[0], ownsHandle: true), new SafeFileHandle(ends[1], ownsHandle: true));
    }

    /// <summary>Gives the end of who reads away: whoever takes it closes it.</summary>
    public SafeFileHandle TakeRead()
    {
        var taken = Read;
        Read = new SafeFileHandle();
        return taken;
    }

    /// <summary>Gives the end of who writes away, likewise.</summary>
    public SafeFileHandle TakeWrite()
    {
        var taken = Write;
        Write = new SafeFileHandle();
        return taken;
    }

    /// <summary>
    /// Makes it a user's, who then may open it by its name, too: <c>/dev/stdout</c>, <c>/proc/self/fd/1</c>, as programs do that can log
    /// to files only.
    /// </summary>
    public void GiveTo(ApplicationUser user)
    {
        // Who may not do this may not become the user either, and says so then.
        _ = fchown((int)Write.DangerousGetHandle(), user.Uid, user.Gid);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Read.Dispose();
        Write.Dispose();
    }

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(int* ends, int flags);

    [LibraryImport("libc")]
    private static partial int fchown(int descriptor, uint user, uint group);

    [LibraryImport("libc")]
    private static partial int fcntl(int descriptor, int command, nint argument);
}
