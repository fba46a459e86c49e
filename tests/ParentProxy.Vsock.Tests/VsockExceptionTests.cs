namespace ParentProxy.Vsock.Tests;

public sealed class VsockExceptionTests
{
    private static readonly string[] Operations =
        ["socket", "setsockopt", "connect", "bind", "listen", "accept", "read", "write", "shutdown"];

    [Fact]
    public void Message_NamesEverything()
    {
        var inner = new InvalidOperationException();
        var exception = new VsockException(Errno.ENODEV, "connect", new VsockEndPoint(16, 6300), inner);

        Assert.StartsWith("connect vsock://16:6300: ENODEV (no transport to this CID): ", exception.Message, StringComparison.Ordinal);
        Assert.EndsWith(exception.Hint, exception.Message, StringComparison.Ordinal);
        Assert.Equal(
            (Errno.ENODEV, "connect", new VsockEndPoint(16, 6300), "no transport to this CID"),
            (exception.Errno, exception.Operation, exception.EndPoint, exception.Meaning));
        Assert.Same(inner, exception.InnerException);
    }

    [Fact]
    public void Message_WithoutEndPoint_StartsWithTheOperation()
    {
        Assert.StartsWith("socket: EAFNOSUPPORT (", new VsockException(Errno.EAFNOSUPPORT, "socket").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EveryVsockErrno_HasMeaningAndHintForEveryOperation()
    {
        string generic = new VsockException(new Errno(123), "connect").Hint;
        Errno[] known =
        [
            Errno.ENODEV, Errno.ECONNRESET, Errno.ETIMEDOUT, Errno.EPERM, Errno.EACCES, Errno.EAFNOSUPPORT, Errno.EADDRNOTAVAIL,
            Errno.EADDRINUSE, Errno.EPROTO, Errno.ENETUNREACH, Errno.EPIPE, Errno.ENOTCONN, Errno.EMFILE, Errno.ENFILE, Errno.ENOBUFS,
            Errno.ENOMEM, Errno.EINTR, Errno.EOPNOTSUPP, Errno.EINVAL, Errno.ECANCELED, Errno.Unknown,
        ];
        foreach (Errno errno in known)
        {
            foreach (string operation in Operations)
            {
                var exception = new VsockException(errno, operation);
                Assert.NotEmpty(exception.Meaning);
                Assert.NotEqual(generic, exception.Hint);
                Assert.EndsWith(".", exception.Hint.Replace("…", "", StringComparison.Ordinal), StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void UnknownErrno_StillExplainsItself()
    {
        var exception = new VsockException(new Errno(4095), "connect", new VsockEndPoint(16, 6300));

        Assert.StartsWith("connect vsock://16:6300: errno 4095 (", exception.Message, StringComparison.Ordinal);
        Assert.NotEmpty(exception.Hint);
    }

    [Theory]
    [InlineData("connect", "nobody listens on this port, or the accept backlog is full")]
    [InlineData("read", "the connection was reset")]
    public void Meaning_DependsOnTheOperation(string operation, string meaning)
    {
        Assert.Equal(meaning, new VsockException(Errno.ECONNRESET, operation).Meaning);
    }
}
