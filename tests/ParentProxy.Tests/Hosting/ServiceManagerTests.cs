using System.Net.Sockets;
using Microsoft.Extensions.Hosting.Systemd;
using ParentProxy.Hosting;

namespace ParentProxy.Tests.Hosting;

public sealed class ServiceManagerTests
{
    [Fact]
    public void Stopping_TellsHowLongItTakes_AndEndsReloads()
    {
        var systemd = new Systemd();
        var manager = new ServiceManager(systemd);
        manager.Ready();
        manager.Stopping(TimeSpan.FromSeconds(41.5));
        manager.Reloading();
        manager.Reloaded();

        Assert.Equal(["READY=1", "STOPPING=1|EXTEND_TIMEOUT_USEC=41500000"], systemd.Heard);
    }

    [Fact]
    public void Reload_BeforeReady_IsNotTold()
    {
        var systemd = new Systemd();
        var manager = new ServiceManager(systemd);
        manager.Reloading();
        manager.Reloaded();
        manager.Status("two\nlines");
        manager.Watchdog();

        Assert.Equal(["STATUS=two lines", "WATCHDOG=1"], systemd.Heard);
    }

    [Fact]
    public void Notification_ThatCannotBeSent_DoesNotMatter()
    {
        var manager = new ServiceManager(new Systemd { IsDeaf = true });

        Assert.Null(Record.Exception(manager.Ready));
        Assert.Null(Record.Exception(manager.Watchdog));
    }

    private sealed class Systemd : ISystemdNotifier
    {
        public List<string> Heard { get; } = [];

        public bool IsDeaf { get; init; }

        public bool IsEnabled => true;

        public void Notify(ServiceState state)
        {
            if (IsDeaf)
                throw new SocketException((int)SocketError.ConnectionRefused);
            Heard.Add(state.ToString().Replace('\n', '|'));
        }
    }
}
