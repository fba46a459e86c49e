using System.Runtime.InteropServices;

namespace ParentProxy.Tests.Support;

/// <summary>
/// A thread with a network and mounts of its own, as an enclave has them, which end with it. They need root: without it nothing is run.
/// </summary>
internal static class OwnNamespaces
{
    private const int Mounts = 0x00020000; // CLONE_NEWNS
    private const int Network = 0x40000000; // CLONE_NEWNET
    private const nuint ReadOnly = 1; // MS_RDONLY
    private const nuint Bind = 4096; // MS_BIND
    private const nuint Recursive = 16384; // MS_REC
    private const nuint Private = 1 << 18; // MS_PRIVATE
    private const int CapabilityVersion = 0x20080522; // _LINUX_CAPABILITY_VERSION_3

    /// <summary>Runs something there. False where there is no right to.</summary>
    public static bool TryRun(Action action)
    {
        var isRun = false;
        Exception? failure = null;
        var thread = new Thread(() =>
        {
            if (Unshare(Mounts | Network) != 0 || Mount(null, "/", null, Recursive | Private, null) != 0)
                return;
            isRun = true;
            try
            {
                action();
            }
            catch (Exception ex)
            {
                failure = ex;
            }
        });
        thread.Start();
        Assert.True(thread.Join(TestDeadline.Value));
        if (failure is not null)
            Assert.Fail(failure.ToString());
        return isRun;
    }

    /// <summary>Mounts a file or a folder at another.</summary>
    public static void MountAt(string source, string target) => Assert.Equal(0, Mount(source, target, null, Bind, null));

    /// <summary>Mounts a folder with nothing in it, in which nothing can be made.</summary>
    public static void MountReadOnly(string target) => Assert.Equal(0, Mount("none", target, "tmpfs", ReadOnly, null));

    /// <summary>Gives up what root may, for this thread.</summary>
    public static void DropCapabilities()
    {
        Assert.Equal(0, SetCapabilities([CapabilityVersion, 0], new int[6]));
        Assert.Contains("CapEff:\t0000000000000000\n", File.ReadAllText("/proc/thread-self/status"), StringComparison.Ordinal);
    }

    [DllImport("libc", EntryPoint = "unshare")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Unshare(int flags);

    [DllImport("libc", EntryPoint = "mount", CharSet = CharSet.Ansi, BestFitMapping = false, ThrowOnUnmappableChar = true)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Mount(string? source, string target, string? type, nuint flags, string? data);

    [DllImport("libc", EntryPoint = "capset")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SetCapabilities(int[] header, int[] data);
}
