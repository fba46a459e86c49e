using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;
using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Files;

/// <summary>
/// Opens files, and nothing else that may stand at a path: a pipe would block, a device may do something when it is read.
/// </summary>
internal static partial class RegularFile
{
    private const int ReadOnly = 0;

    // O_NONBLOCK: to open a pipe nobody writes to waits for ever otherwise. O_NOCTTY is for a terminal.
    private const int NonBlocking = 0x800;
    private const int NoTerminal = 0x100;
    private const int CloseOnExec = 0x80000;

    /// <summary>Opens a file for reading, links followed; may wait for the disk.</summary>
    /// <param name="path">Its path.</param>
    /// <param name="failure">Why it could not be: an errno by name, or what stands there instead.</param>
    /// <returns>The file; null when it could not be opened.</returns>
    public static SafeFileHandle? TryOpen(string path, out string failure)
    {
        var file = Open(path, ReadOnly | NonBlocking | NoTerminal | CloseOnExec);
        if (file.IsInvalid)
        {
            var errno = new Errno(Marshal.GetLastPInvokeError());
            file.Dispose();
            failure = $"{errno.Name} ({errno.Description})";
            return null;
        }

        if (FileKind.NotRegular(file) is { } kind)
        {
            file.Dispose();
            failure = $"it is {kind}, not an ordinary file";
            return null;
        }

        failure = "";
        return file;
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial SafeFileHandle Open(string path, int flags);
}
