using System.Runtime.InteropServices;

namespace ParentProxy.Configuration.Reading;

/// <summary>What a path leads to, without opening it: to open a pipe may wait for ever.</summary>
internal static partial class FileKind
{
    private const int CurrentFolder = -100;
    private const uint TypeAlone = 1;
    private const int TypeMask = 0xF000;
    private const int Regular = 0x8000;

    /// <summary>Whether there is something that is no regular file, links followed: a folder, a pipe, a socket, a device.</summary>
    public static bool IsSpecial(string path) =>
        Status(CurrentFolder, path, 0, TypeAlone, out var status) == 0 && (status.Mode & TypeMask) != Regular;

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, out FileStatus status);

    /// <summary><c>struct statx</c>, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(28)]
        public ushort Mode;
    }
}
