using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;

namespace ParentProxy.Hosting;

/// <summary>What systemd is told of the service (sd_notify(3)). Does nothing where nobody listens.</summary>
/// <remarks>
/// The package's host lifetime is not enough: it sends READY before the first round of probes, never sends RELOADING, and
/// does not say with STOPPING how long stopping may take.
/// </remarks>
internal sealed class ServiceManager(ISystemdNotifier notifier)
{
    private volatile bool _isUp;

    /// <summary>Whether a service manager listens: NOTIFY_SOCKET is set.</summary>
    public bool IsEnabled => notifier.IsEnabled;

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

    private void Send(string message)
    {
        try
        {
            notifier.Notify(new ServiceState(message));
        }
        catch (SocketException)
        {
            // A service manager that does not hear us ends us by its own time-out; serving on is the better answer.
        }
    }
}
