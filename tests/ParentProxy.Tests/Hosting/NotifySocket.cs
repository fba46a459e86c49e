using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Tests.Hosting;

/// <summary>systemd's end of sd_notify(3).</summary>
internal sealed class NotifySocket : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);

    /// <summary>Listens at a path, or in the abstract namespace when the name begins with <c>@</c>.</summary>
    public NotifySocket(string name)
    {
        Name = name;
        _socket.Bind(new UnixDomainSocketEndPoint(name[0] == '@' ? "\0" + name[1..] : name));
        _ = ReceiveAsync();
    }

    /// <summary>The value of <c>NOTIFY_SOCKET</c>.</summary>
    public string Name { get; }

    /// <summary>The datagrams, in their order, with <c>|</c> for line ends.</summary>
    public OutputLines Datagrams { get; } = new();

    public void Dispose() => _socket.Dispose();

    private async Task ReceiveAsync()
    {
        var buffer = new byte[4096];
        try
        {
            while (true)
                Datagrams.Add(Encoding.UTF8.GetString(buffer, 0, await _socket.ReceiveAsync(buffer)).Replace('\n', '|'));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            Datagrams.Add(null);
        }
    }
}
