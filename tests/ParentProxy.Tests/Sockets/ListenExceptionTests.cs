using System.Net.Sockets;
using ParentProxy.Sockets;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Sockets;

/// <summary>What is said of a listener that cannot be opened.</summary>
public sealed class ListenExceptionTests : IDisposable
{
    private const string Setting = "Kestrel:Endpoints";

    private readonly TemporaryDirectory _directory = new();

    [Fact]
    public void Message_SocketInAMissingFolder_NamesTheFolder() => Assert.StartsWith(
        "cannot listen on /nonexistent/a.sock (Kestrel:Endpoints): ENOENT: no such file or directory. "
            + "The folder /nonexistent does not exist",
        Message("/nonexistent/a.sock"),
        StringComparison.Ordinal);

    [Fact]
    public void Message_SocketBelowAFile_SaysThatItIsNoFolder()
    {
        var file = _directory.File("plain");
        File.WriteAllText(file, "");
        Assert.EndsWith($"{file} is no folder", Message(Path.Combine(file, "a.sock")), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(SocketError.AccessDenied, "may not make files in /run")]
    [InlineData(SocketError.AddressAlreadyInUse, "'ss -lxp'")]
    public void Message_OfASocketFile_SaysNothingOfPorts(SocketError error, string hint)
    {
        var message = new ListenException("/run/a.sock", isFile: true, new SocketException((int)error), Setting).Message;
        Assert.Contains(hint, message, StringComparison.Ordinal);
        Assert.DoesNotContain("CAP_NET_BIND_SERVICE", message, StringComparison.Ordinal);
        Assert.DoesNotContain("-ltnp", message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("Admin:Url")]
    [InlineData("Admin:MetricsUrl")]
    public void Message_OfAnAdminPort_NamesTheSettingAndNotSocat(string setting)
    {
        var taken = new SocketException((int)SocketError.AddressAlreadyInUse);
        var message = new ListenException("http://127.0.0.1:9464", isFile: false, taken, setting).Message;
        Assert.Contains("EADDRINUSE", message, StringComparison.Ordinal);
        Assert.EndsWith($"set {setting} to another port", message, StringComparison.Ordinal);
        Assert.DoesNotContain("socat", message, StringComparison.Ordinal);
    }

    public void Dispose() => _directory.Dispose();

    // The kernel's own word for it.
    private static string Message(string path)
    {
        using var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        var error = Assert.ThrowsAny<SocketException>(() => socket.Bind(new UnixDomainSocketEndPoint(path)));
        return new ListenException(path, isFile: true, error, Setting).Message;
    }
}
