using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Runtime;

/// <summary>What a path leads to, without opening it: to open a pipe may wait for ever.</summary>
internal static partial class FileKind
{
    private const int CurrentFolder = -100;
    private const int LinkItself = 0x100;
    private const int DescriptorItself = 0x1000;
    private const uint TypeAlone = 0x001;
    private const uint NumberAlone = 0x100;
    private const int TypeMask = 0xF000;
    private const int Pipe = 0x1000;
    private const int Folder = 0x4000;
    private const int Regular = 0x8000;
    private const int Link = 0xA000;
    private const int Socket = 0xC000;

    /// <summary>Whether there is something that is no regular file, links followed: a folder, a pipe, a socket, a device.</summary>
    public static bool IsSpecial(string path) =>
        Status(CurrentFolder, path, 0, TypeAlone, out var status) == 0 && (status.Mode & TypeMask) != Regular;

    /// <summary>What is at a path, links not followed, that is no socket, in words; null for a socket, and where nothing is.</summary>
    public static string? NotASocket(string path) =>
        Status(CurrentFolder, path, LinkItself, TypeAlone, out var status) != 0 || (status.Mode & TypeMask) == Socket
            ? null
            : Word(status.Mode);

    /// <summary>What was opened that is no regular file, in words; null for a regular file.</summary>
    public static string? NotRegular(SafeFileHandle opened)
    {
        if (Status(opened, "", DescriptorItself, TypeAlone, out var status) != 0)
            return "something unknown";
        return (status.Mode & TypeMask) == Regular ? null : Word(status.Mode);
    }

    /// <summary>What tells the file at a path from every other, links not followed; null where none is.</summary>
    public static FileIdentity? Identify(string path) =>
        Status(CurrentFolder, path, LinkItself, NumberAlone, out var status) != 0
            ? null
            : new FileIdentity((ulong)status.DeviceMajor << 32 | status.DeviceMinor, status.Number);

    private static string Word(ushort mode) => (mode & TypeMask) switch
    {
        Socket => "a socket",
        Regular => "an ordinary file",
        Folder => "a folder",
        Link => "a link",
        Pipe => "a pipe",
        _ => "a device",
    };

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(SafeFileHandle folder, string path, int flags, uint mask, out FileStatus status);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Status(int folder, string path, int flags, uint mask, out FileStatus status);

    /// <summary><c>struct statx</c>, which is the same on every architecture.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct FileStatus
    {
        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
