using ParentProxy.Vsock;

namespace ParentProxy.Inside.Network;

/// <summary>
/// A file that other programs read at any time. It is replaced as a whole where that can be had; one that is mounted by itself, as a
/// container's <c>/etc/resolv.conf</c>, can only be overwritten.
/// </summary>
internal static class SystemFile
{
    private const UnixFileMode Readable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Has a file say something else, if it does not say so already. Null when it does now, else why not.</summary>
    /// <param name="path">The file, or a link to it.</param>
    /// <param name="change">Makes the new text of the old one, which is empty for a file that is not there.</param>
    public static Errno? Change(string path, Func<string, string> change)
    {
        try
        {
            // A link that leads nowhere, to a file that some service would write, is replaced itself; to the runtime such a link exists.
            var link = new FileInfo(path);
            var isLink = link.LinkTarget is not null;
            var led = isLink ? link.ResolveLinkTarget(returnFinalTarget: true) : null;
            var target = led is { Exists: true } ? led.FullName : path;
            var exists = isLink ? led is { Exists: true } : link.Exists;
            var old = exists ? File.ReadAllText(target) : "";
            var text = change(old);
            if (text == old)
                return null;
            if (!TryReplace(target, text, exists ? File.GetUnixFileMode(target) : Readable))
                File.WriteAllText(target, text);
            return null;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return ErrnoOf(ex);
        }
    }

    private static bool TryReplace(string path, string text, UnixFileMode mode)
    {
        var next = $"{path}.{Environment.ProcessId}.new";
        try
        {
            File.WriteAllText(next, text);
            File.SetUnixFileMode(next, mode);
            File.Move(next, path, overwrite: true);
            return true;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // EBUSY of a mount, EROFS and EACCES of the folder: the file itself may be writable.
            TryDelete(next);
            return false;
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // What could not be made need not be removed.
        }
    }

    private static Errno ErrnoOf(Exception failure) => failure switch
    {
        FileNotFoundException or DirectoryNotFoundException => Errno.ENOENT,
        UnauthorizedAccessException { InnerException: IOException inner } => new Errno(inner.HResult),
        UnauthorizedAccessException => Errno.EACCES,

        // The runtime puts the kernel's number there.
        { HResult: > 0 and var number } => new Errno(number),
        _ => Errno.Unknown,
    };
}
