namespace ParentProxy.Vsock.Tests;

public sealed class VsockHostRoutingTests : IDisposable
{
    private const string Driver = "sys/bus/virtio/drivers/vmw_vsock_virtio_transport";

    private readonly string _root = Directory.CreateTempSubdirectory("vsock-routing-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void IsToHostNeeded_EmptyRoot_IsFalse() => Assert.False(VsockHostRouting.IsToHostNeeded(_root));

    [Theory]
    [InlineData(true, true, true)]
    [InlineData(true, false, false)]
    [InlineData(false, true, false)]
    [InlineData(false, false, false)]
    public void IsToHostNeeded_FollowsModuleAndDevice(bool module, bool device, bool expected)
    {
        AddDriver();
        AddModules(module ? "vhost_vsock 28672 0 - Live 0x0000000000000000" : "vsock 57344 3 vhost_vsock_like, Live 0x0");
        if (device)
            Directory.CreateDirectory(Path.Combine(_root, Driver, "virtio3"));

        Assert.Equal(expected, VsockHostRouting.IsToHostNeeded(_root));
    }

    [Fact]
    public void IsToHostNeeded_ModuleBuiltIntoSys_IsSeen()
    {
        AddDriver();
        Directory.CreateDirectory(Path.Combine(_root, "sys/module/vhost_vsock"));
        Directory.CreateDirectory(Path.Combine(_root, Driver, "virtio0"));

        Assert.True(VsockHostRouting.IsToHostNeeded(_root));
    }

    [Fact]
    public void IsToHostNeeded_ModuleOnlyAsDependency_IsFalse()
    {
        AddDriver();
        AddModules("vhost 61440 1 vhost_vsock_x, Live 0x0\nvhost_vsock_x 1 0 - Live 0x0");
        Directory.CreateDirectory(Path.Combine(_root, Driver, "virtio0"));

        Assert.False(VsockHostRouting.IsToHostNeeded(_root));
    }

    // As the kernel makes it: these entries are there without any device.
    private void AddDriver()
    {
        Directory.CreateDirectory(Path.Combine(_root, Driver, "module"));
        File.WriteAllText(Path.Combine(_root, Driver, "uevent"), "");
        File.WriteAllText(Path.Combine(_root, Driver, "bind"), "");
    }

    private void AddModules(string lines)
    {
        Directory.CreateDirectory(Path.Combine(_root, "proc"));
        File.WriteAllText(Path.Combine(_root, "proc/modules"), lines + "\n");
    }
}
