using System.Net.Sockets;

namespace ParentProxy.Vsock.Tests;

public sealed class ErrnoTests
{
    [Theory]
    [InlineData(1, "EPERM")]
    [InlineData(13, "EACCES")]
    [InlineData(19, "ENODEV")]
    [InlineData(71, "EPROTO")]
    [InlineData(104, "ECONNRESET")]
    [InlineData(110, "ETIMEDOUT")]
    [InlineData(123, "errno 123")]
    [InlineData(4095, "errno 4095")]
    public void Name_IsTheKernels(int value, string name)
    {
        Assert.Equal(name, new Errno(value).Name);
        Assert.Equal(name, new Errno(value).ToString());
    }

    [Fact]
    public void WellKnown_NamesMatchTheirFields()
    {
        var fields = typeof(Errno).GetFields().Where(field => field.IsStatic && field.Name.StartsWith('E')).ToList();

        Assert.NotEmpty(fields);
        Assert.All(fields, field =>
        {
            var errno = (Errno)field.GetValue(null)!;
            Assert.Equal(field.Name, errno.Name);
            Assert.NotEqual("no description", errno.Description);
        });
    }

    [Theory]
    [InlineData(SocketError.ConnectionRefused, "ECONNREFUSED")]
    [InlineData(SocketError.ConnectionReset, "ECONNRESET")]
    [InlineData(SocketError.Shutdown, "EPIPE")]
    [InlineData(SocketError.TimedOut, "ETIMEDOUT")]
    [InlineData(SocketError.AddressNotAvailable, "EADDRNOTAVAIL")]
    [InlineData(SocketError.AccessDenied, "EACCES")]
    [InlineData(SocketError.TooManyOpenSockets, "EMFILE")]
    [InlineData(SocketError.WouldBlock, "EAGAIN")]
    [InlineData(SocketError.Success, "OK")]
    [InlineData(SocketError.SocketError, "EUNKNOWN")]
    [InlineData(SocketError.HostNotFound, "EUNKNOWN")]
    public void FromSocketError_ReversesTheRuntime(SocketError error, string name)
    {
        Assert.Equal(name, Errno.FromSocketError(error).Name);
    }

    [Fact]
    public void FromSocketError_AgreesWithTheRuntimeWhereThatKnows()
    {
        // The runtime can turn a SocketError back into an errno itself; it only cannot say when it does not know. Of the two that
        // it folds into TooManyOpenSockets it takes ENFILE, this library EMFILE: a process meets its own limit long before.
        foreach (SocketError error in Enum.GetValues<SocketError>())
        {
            Errno errno = Errno.FromSocketError(error);
            if (errno != Errno.Unknown
                && error is not (SocketError.OperationAborted or SocketError.IOPending or SocketError.TooManyOpenSockets))
                Assert.Equal(new SocketException((int)error).NativeErrorCode, errno.Value);
        }
    }
}
