using System.Runtime.InteropServices;

namespace ParentProxy.Inside.Application;

/// <summary>User and groups of the thread that asks, by the kernel's own calls.</summary>
internal static unsafe partial class Credentials
{
    private const int ENOSYS = 38;

    /// <summary>The user whose rights this process has.</summary>
    public static uint EffectiveUser => geteuid();

    /// <summary>Makes the calling thread, and no other, a user's; there is no way back.</summary>
    /// <returns>0, or the errno.</returns>
    public static int Become(ApplicationUser user)
    {
        var (setGroups, setGid, setUid) = RuntimeInformation.ProcessArchitecture switch
        {
            Architecture.X64 => (116, 119, 117),
            Architecture.Arm64 => (159, 149, 147),
            _ => default((nint, nint, nint)),
        };
        if (setUid == 0)
            return ENOSYS;
        fixed (uint* groups = user.Groups)
        {
            if (syscall(setGroups, user.Groups.Length, (nint)groups, 0) < 0)
                return Marshal.GetLastPInvokeError();
        }

        // The user last: nobody but root may change the others.
        return syscall(setGid, (nint)user.Gid, (nint)user.Gid, (nint)user.Gid) < 0
            || syscall(setUid, (nint)user.Uid, (nint)user.Uid, (nint)user.Uid) < 0
            ? Marshal.GetLastPInvokeError()
            : 0;
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint syscall(nint number, nint first, nint second, nint third);
}
