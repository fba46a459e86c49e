using System.Runtime.InteropServices;

namespace ParentProxy.Configuration.Reading;

/// <summary>Whether this process may write somewhere, without writing to find out.</summary>
internal static partial class Writing
{
    private const int ToWrite = 2;

    /// <summary>Whether a file may be written, or in a folder files be made: rights, and a file system that is not read-only.</summary>
    public static bool IsAllowed(string path) => Access(path, ToWrite) == 0;

    [LibraryImport("libc", EntryPoint = "access", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Access(string path, int mode);
}
