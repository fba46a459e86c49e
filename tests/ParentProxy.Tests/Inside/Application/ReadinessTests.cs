using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Inside.Application;
using ParentProxy.Sockets;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

public sealed class ReadinessTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("::1")]
    public async Task Wait_ConnectionWithItself_IsNoAnswerAndLeavesThePortFree(string address)
    {
        var time = new ManualTimeProvider();
        using var over = new CancellationTokenSource();
        var port = FreePort.Released();
        var itself = new IPEndPoint(IPAddress.Parse(address), port);
        var readiness = new Readiness(
            new ReadinessOptions(EnclaveEndpoint.Tcp(address, (uint)port), null), new SelfDialer(itself), TimeSpan.FromSeconds(1), time);

        var waiting = readiness.WaitAsync(over.Token);
        await Task.WhenAny(waiting, time.WaitForTimerAsync(TimeSpan.FromMilliseconds(50)));

        Assert.False(waiting.IsCompleted);
        Assert.Equal("nobody listens there", readiness.LastFailure);
        using var application = new Socket(itself.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        application.Bind(itself);
        await over.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting.WaitAsync(TestDeadline.Value));
    }

    /// <summary>Dials from the very port that it dials, as the kernel does now and then.</summary>
    private sealed class SelfDialer(IPEndPoint itself) : IEnclaveDialer
    {
        public async Task<EnclaveStream> DialAsync(EnclaveEndpoint endpoint, TimeSpan timeout, CancellationToken cancellationToken)
        {
            var socket = new Socket(itself.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(itself);
            return new EnclaveStream(await LoopSocket.ConnectAsync(socket, itself, SocketStream.SocketOptions, cancellationToken));
        }
    }
}
