using System.Runtime.InteropServices;
using System.Text;
using ParentProxy.Runtime;

namespace ParentProxy.Hosting;

/// <summary>
/// Looks, before anything else runs, whether the limit of open files leaves enough for the program. With too few it would
/// end somewhere in its start because a library cannot be loaded, or come up and accept nobody.
/// </summary>
/// <remarks>
/// It must do with next to nothing itself: no console, no library, no reflection. With 21 descriptors or fewer the runtime
/// cannot load what even this needs and ends by itself.
/// </remarks>
internal static partial class DescriptorCheck
{
    /// <summary>
    /// What the program takes from its first line on: measured with TLS, HTTP/2, OTLP, discovery and every page of the admin
    /// listener in use, nearly all of it libraries, for which the runtime keeps one or two descriptors each; the reserve, so
    /// that clients are let in; and a handful of connections.
    /// </summary>
    private const int Needed = 240 + 64 + 16;

    /// <summary>What to say when there are too few; null when there are enough.</summary>
    public static string? Complaint()
    {
        if (OpenFileLimit.Current() is not { } limit || OpenFileLimit.InUse() is not { } used || limit - used >= Needed)
            return null;
        return $"parent-proxy: at most {limit} files may be open and {used} are already, but the program needs {Needed} more, "
            + $"most of them for its libraries: raise the limit (ulimit -n, LimitNOFILE of the unit) to {used + Needed} at least\n";
    }

    /// <summary>Writes to standard error without a console, which would need descriptors of its own.</summary>
    public static unsafe void Write(string text)
    {
        fixed (byte* bytes = Encoding.UTF8.GetBytes(text))
            _ = Write(2, bytes, Encoding.UTF8.GetByteCount(text));
    }

    [LibraryImport("libc", EntryPoint = "write")]
    private static unsafe partial nint Write(int descriptor, byte* bytes, nint count);
}
