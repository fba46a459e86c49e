using System.Net.Sockets;
using System.Text;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Inside.Clock;

/// <summary>A parent's <c>Egress:Time</c> on a unix socket, which says what the test wants.</summary>
internal sealed class FakeTimeParent : IDisposable
{
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private int _asked;

    public FakeTimeParent(InsideAddress address)
    {
        _listener.Bind(address.EndPoint);
        _listener.Listen();
        _ = ServeAsync();
    }

    /// <summary>What is said, by how often something was said before; null: nothing.</summary>
    public Func<int, string?> Says { get; set; } = _ => null;

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync()
    {
        try
        {
            while (true)
            {
                using var connection = await _listener.AcceptAsync();
                var question = new byte[16];
                var count = await connection.ReceiveAsync(question);
                Assert.Equal("time\n", Encoding.ASCII.GetString(question, 0, count));
                if (Says(Interlocked.Increment(ref _asked) - 1) is { } line)
                    await connection.SendAsync(Encoding.ASCII.GetBytes(line));
            }
        }
        catch (Exception ex) when (ex is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}
