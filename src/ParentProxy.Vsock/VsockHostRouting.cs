namespace ParentProxy.Vsock;

/// <summary>Tells whether connections must ask for the guest-to-host transport.</summary>
public static class VsockHostRouting
{
    /// <summary>
    /// True when this machine both hosts virtual machines over vsock (<c>vhost_vsock</c> is loaded) and is itself a guest with a
    /// vsock device: then the kernel would look for an enclave's CID among its own virtual machines unless
    /// <see cref="VsockConnectOptions.ToHost"/> is set. Without the device the flag would only break what works.
    /// </summary>
    /// <param name="root">The folder that holds <c>proc</c> and <c>sys</c>. What cannot be read counts as absent.</param>
    public static bool IsToHostNeeded(string root = "/")
    {
        ArgumentException.ThrowIfNullOrEmpty(root);
        return IsVhostLoaded(root) && IsGuestDeviceBound(root);
    }

    private static bool IsVhostLoaded(string root)
    {
        if (Directory.Exists(Path.Combine(root, "sys/module/vhost_vsock")))
            return true;

        try
        {
            return File.ReadLines(Path.Combine(root, "proc/modules"))
                .Any(line => line.StartsWith("vhost_vsock ", StringComparison.Ordinal));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static bool IsGuestDeviceBound(string root)
    {
        try
        {
            // A bound device is a link named after it (virtio0); module, uevent, bind and unbind are always there.
            return Directory.EnumerateFileSystemEntries(
                Path.Combine(root, "sys/bus/virtio/drivers/vmw_vsock_virtio_transport"), "virtio*").Any();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
