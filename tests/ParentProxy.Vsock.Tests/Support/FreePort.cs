namespace ParentProxy.Vsock.Tests;

internal static class FreePort
{
    /// <summary>A local address on which nobody listens.</summary>
    public static async Task<VsockEndPoint> FindAsync()
    {
        await using VsockListener listener = VsockListener.Bind(new VsockEndPoint(VsockCid.Local, VsockEndPoint.AnyPort));
        return listener.LocalEndPoint;
    }
}
