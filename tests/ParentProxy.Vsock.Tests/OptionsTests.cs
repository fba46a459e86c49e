namespace ParentProxy.Vsock.Tests;

public sealed class OptionsTests
{
    [Fact]
    public void Defaults_AreAsDocumented()
    {
        var connect = new VsockConnectOptions();
        var listen = new VsockListenOptions();
        var transport = new VsockTransportOptions();

        Assert.Equal(
            (TimeSpan.FromSeconds(2), false, 0L, 28672),
            (connect.ConnectTimeout, connect.ToHost, connect.BufferBytes, connect.MaxWriteBytes));
        Assert.Equal((512, 0L, 28672), (listen.Backlog, listen.BufferBytes, listen.MaxWriteBytes));
        Assert.Equal(
            (512, 0L, 28672, 1048576L, 65536L),
            (transport.Backlog, transport.BufferBytes, transport.MaxWriteBytes, transport.MaxReadBufferSize, transport.MaxWriteBufferSize));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(3600_001)]
    public void ConnectTimeout_OutOfRange_IsRefused(int milliseconds)
    {
        Assert.Throws<ArgumentOutOfRangeException>(
            () => new VsockConnectOptions { ConnectTimeout = TimeSpan.FromMilliseconds(milliseconds) });
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(127)]
    [InlineData((1L << 30) + 1)]
    public void BufferBytes_OutOfRange_IsRefused(long bytes)
    {
        Assert.Equal(
            "BufferBytes", Assert.Throws<ArgumentOutOfRangeException>(() => new VsockConnectOptions { BufferBytes = bytes }).ParamName);
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockListenOptions { BufferBytes = bytes });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockTransportOptions { BufferBytes = bytes });
    }

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData((1 << 20) + 1)]
    public void MaxWriteBytes_OutOfRange_IsRefused(int bytes)
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockConnectOptions { MaxWriteBytes = bytes });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockListenOptions { MaxWriteBytes = bytes });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockTransportOptions { MaxWriteBytes = bytes });
    }

    [Fact]
    public void Limits_AreAccepted()
    {
        _ = new VsockConnectOptions { ConnectTimeout = VsockConnectOptions.MaxConnectTimeout, BufferBytes = 128, MaxWriteBytes = 1 };
        _ = new VsockConnectOptions { ConnectTimeout = TimeSpan.FromTicks(1), BufferBytes = 1L << 30, MaxWriteBytes = 1 << 20 };
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockListenOptions { Backlog = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockTransportOptions { Backlog = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockTransportOptions { MaxReadBufferSize = -1 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new VsockTransportOptions { MaxWriteBufferSize = -1 });
    }
}
