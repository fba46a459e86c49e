using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Inside.Network;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Network;

public sealed class LoopbackTests : IDisposable
{
    private readonly TestLog _log = new();

    private ILogger Logger => LoggerFactory.Create(builder => builder.AddProvider(_log)).CreateLogger("network");

    public void Dispose() => _log.Dispose();

    [Fact]
    public void SetUp_OfANewNetwork_HasBothAddresses()
    {
        var isRun = OwnNamespaces.TryRun(() =>
        {
            Loopback.SetUp(Logger);

            Assert.Equal(["127.0.0.1/8", "127.0.0.2/8"], Addresses());
            using var server = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            server.Bind(new IPEndPoint(IPAddress.Loopback, 0));
            server.Listen();
            using var client = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            client.Connect(server.LocalEndPoint!);
            Loopback.SetUp(Logger);
            Assert.Equal(["127.0.0.1/8", "127.0.0.2/8"], Addresses());
        });

        if (isRun)
            Assert.Equal("lo was brought up, with 127.0.0.2 beside 127.0.0.1", Assert.Single(_log.Entries).Message);
    }

    [Fact]
    public void SetUp_WithoutTheRight_SaysWhatToDo()
    {
        var isRun = OwnNamespaces.TryRun(() =>
        {
            OwnNamespaces.DropCapabilities();
            Loopback.SetUp(Logger);
        });

        if (isRun)
            Assert.StartsWith(
                "lo is down and could not be brought up (SIOCSIFFLAGS: EPERM, operation not permitted)",
                Assert.Single(_log.AtLeast(LogLevel.Warning)).Message,
                StringComparison.Ordinal);
    }

    [Fact]
    public void SetUp_UpAlreadyWithoutTheRight_IsNoReasonToWarn()
    {
        OwnNamespaces.TryRun(() =>
        {
            Loopback.SetUp(Logger);
            OwnNamespaces.DropCapabilities();
            Loopback.SetUp(Logger);
        });

        Assert.Empty(_log.AtLeast(LogLevel.Warning));
    }

    private static IEnumerable<string> Addresses() => NetworkInterface.GetAllNetworkInterfaces()
        .SelectMany(one => one.GetIPProperties().UnicastAddresses)
        .Where(one => one.Address.AddressFamily == AddressFamily.InterNetwork)
        .Select(one => $"{one.Address}/{one.PrefixLength}")
        .Order();
}
