using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Vsock;

/// <summary>What this machine itself offers on vsock.</summary>
public static class VsockLocal
{
    private const nuint GetLocalCid = 0x7b9;

    /// <summary>True when CID 1 reaches this machine itself, that is when <c>vsock_loopback</c> is loaded.</summary>
    /// <remarks>Found by binding, never by dialling: without loopback a connection to CID 1 could leave the machine.</remarks>
    public static bool IsLoopbackAvailable() =>
        VsockSocket.ProbeBind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort)) is null;

    /// <summary>Asks <c>/dev/vsock</c> for this machine's own CID.</summary>
    /// <param name="cid">The CID; <see cref="VsockCid.Any"/> where only loopback is loaded; 0 when the answer is false.</param>
    /// <returns>False where the device is absent (as in containers), closed to this process, or without an active transport.</returns>
    public static bool TryGetLocalCid(out uint cid)
    {
        cid = 0;
        try
        {
            using SafeFileHandle device = File.OpenHandle("/dev/vsock", FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            return Libc.Ioctl(device, GetLocalCid, out cid) == 0;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
