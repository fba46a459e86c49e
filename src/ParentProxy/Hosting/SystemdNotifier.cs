using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;

namespace ParentProxy.Hosting;

/// <summary>The notification protocol of sd_notify(3): one datagram a message to <c>$NOTIFY_SOCKET</c>. Does nothing elsewhere.</summary>
internal sealed class SystemdNotifier : IDisposable
{
    private readonly Socket? _socket;
    private volatile bool _isUp;

    /// <summary>Connects to the service manager, if there is one.</summary>
    /// <param name="notifySocket">The value of <c>NOTIFY_SOCKET</c>; <c>@</c> in front means the abstract namespace.</param>
    public SystemdNotifier(string? notifySocket)
    {
        if (string.IsNullOrEmpty(notifySocket) || notifySocket[0] is not ('/' or '@'))
            return;
        var path = notifySocket[0] == '@' ? "\0" + notifySocket[1..] : notifySocket;
        var socket = new Socket(AddressFamily.Unix, SocketType.Dgram, ProtocolType.Unspecified);
        try
        {
            socket.Connect(new UnixDomainSocketEndPoint(path));
            _socket = socket;
        }
        catch (SocketException)
        {
            // A service manager that cannot be reached ends us by its own time-out; serving on is the better answer.
            socket.Dispose();
        }
    }

    /// <summary>Whether somebody listens.</summary>
    public bool IsEnabled => _socket is not null;

    /// <summary>The service is up.</summary>
    public void Ready()
    {
        _isUp = true;
        Send("READY=1");
    }

    /// <summary>The service reads its configuration anew; <see cref="Reloaded"/> ends that.</summary>
    public void Reloading()
    {
        if (!_isUp)
            return;

        // Stopwatch is CLOCK_MONOTONIC on Linux; both assignments have to be in one datagram.
        var microseconds = Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1_000_000);
        Send(string.Create(CultureInfo.InvariantCulture, $"RELOADING=1\nMONOTONIC_USEC={microseconds}"));
    }

    /// <summary>The service has read its configuration anew.</summary>
    public void Reloaded()
    {
        // To a reload during the start, systemd would take this for the end of the start.
        if (_isUp)
            Send("READY=1");
    }

    /// <summary>The service stops and needs at most this long for it.</summary>
    public void Stopping(TimeSpan atMost)
    {
        _isUp = false;
        Send(string.Create(CultureInfo.InvariantCulture, $"STOPPING=1\nEXTEND_TIMEOUT_USEC={(long)atMost.TotalMicroseconds}"));
    }

    /// <summary>The service is alive.</summary>
    public void Watchdog() => Send("WATCHDOG=1");

    /// <summary>A line for <c>systemctl status</c>.</summary>
    public void Status(string text) => Send("STATUS=" + text.ReplaceLineEndings(" "));

    /// <inheritdoc/>
    public void Dispose() => _socket?.Dispose();

    private void Send(string message)
    {
        try
        {
            _socket?.Send(Encoding.UTF8.GetBytes(message));
        }
        catch (SocketException)
        {
            // As above: not being heard is no reason to stop serving.
        }
    }
}
