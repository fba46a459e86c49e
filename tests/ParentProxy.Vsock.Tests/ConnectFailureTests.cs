using System.Net.Sockets;

namespace ParentProxy.Vsock.Tests;

public sealed class ConnectFailureTests
{
    private static readonly VsockEndPoint EndPoint = new(16, 6300);
    private static readonly CancellationToken Cancelled = new(canceled: true);

    public static TheoryData<Exception> Interruptions =>
        [new OperationCanceledException(), new ObjectDisposedException("socket"), new SocketException((int)SocketError.OperationAborted)];

    [Theory]
    [MemberData(nameof(Interruptions))]
    public void Explain_CallerCancelled_IsCancellation(Exception interruption)
    {
        Exception explained = ConnectFailure.Explain(interruption, EndPoint, timedOut: true, NoProbe, Cancelled);

        Assert.Equal(Cancelled, Assert.IsType<OperationCanceledException>(explained).CancellationToken);
    }

    [Theory]
    [MemberData(nameof(Interruptions))]
    public void Explain_DeadlinePassed_IsTimeout(Exception interruption)
    {
        Exception explained = ConnectFailure.Explain(interruption, EndPoint, timedOut: true, NoProbe, CancellationToken.None);

        Assert.Equal(Errno.ETIMEDOUT, Assert.IsType<VsockException>(explained).Errno);
    }

    [Theory]
    [InlineData(SocketError.ConnectionReset, "ECONNRESET")]
    [InlineData(SocketError.TimedOut, "ETIMEDOUT")]
    [InlineData(SocketError.NetworkUnreachable, "ENETUNREACH")]
    public void Explain_NamedError_IsNotAskedAgain(SocketError error, string name)
    {
        Exception explained = ConnectFailure.Explain(new SocketException((int)error), EndPoint, timedOut: false, NoProbe, Cancelled);

        var exception = Assert.IsType<VsockException>(explained);
        Assert.Equal((name, "connect", EndPoint), (exception.Errno.Name, exception.Operation, exception.EndPoint));
    }

    [Theory]
    [InlineData(SocketError.SocketError, 19, "ENODEV")]
    [InlineData(SocketError.AccessDenied, 1, "EPERM")]
    [InlineData(SocketError.AccessDenied, 13, "EACCES")]
    [InlineData(SocketError.SocketError, null, "EPROTO")]
    [InlineData(SocketError.AccessDenied, null, "EACCES")]
    public void Explain_LostError_IsLearnedByAskingAgain(SocketError error, int? probed, string name)
    {
        int asked = 0;

        Exception explained = ConnectFailure.Explain(
            new SocketException((int)error),
            EndPoint,
            timedOut: false,
            () =>
            {
                asked++;
                return probed is { } value ? new Errno(value) : null;
            },
            CancellationToken.None);

        Assert.Equal(1, asked);
        Assert.Equal(name, Assert.IsType<VsockException>(explained).Errno.Name);
    }

    [Fact]
    public void Explain_OtherFailure_PassesThrough()
    {
        var other = new VsockException(new Errno(92), "setsockopt", EndPoint);

        Assert.Same(other, ConnectFailure.Explain(other, EndPoint, timedOut: true, NoProbe, Cancelled));
    }

    private static Errno? NoProbe() => throw new InvalidOperationException("must not dial again");
}
