using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Runtime;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Commands.Doctor;

/// <summary>A healthy parent as files in a folder; a test breaks what it is about.</summary>
internal sealed class FakeMachine : IDisposable
{
    private readonly TemporaryDirectory _root = new();
    private readonly Dictionary<string, string> _units = [];

    public FakeMachine()
    {
        Write("/proc/sys/kernel/osrelease", "6.1.0-50-cloud-amd64");
        Write("/proc/version", "Linux version 6.1.0-50-cloud-amd64 #1 SMP PREEMPT_DYNAMIC Debian 6.1.180-1 (2026-09-20)");
        Write("/proc/modules", "vmw_vsock_virtio_transport 16384 1 - Live 0x0\nvsock 61440 2 - Live 0x0");
        Write("/sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio3", "");
        Write("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 4194304 kB\nHugetlb: 1048576 kB");
        Write("/proc/self/status", "Seccomp:\t0");
        Write("/proc/sys/fs/file-nr", "2000\t0\t800000");
        Write("/proc/sys/net/core/somaxconn", "4096");
        Write("/proc/sys/net/ipv4/ip_local_port_range", "32768\t60999");
        Write("/dev/nitro_enclaves", "");
    }

    /// <summary>What socket(2) says; null for that it works.</summary>
    public Errno? SocketError { get; set; }

    public uint? OwnCid { get; set; } = 3;

    public VsockSocketList Listeners { get; set; } = new([]);

    public ClockReading Clock { get; set; } = new(DateTime.UnixEpoch, TimeSpan.FromMilliseconds(1), IsSynchronized: true);

    public long? OpenFiles { get; set; } = 131_072;

    public Machine Machine => new(_root.Root)
    {
        OpenVsock = () => SocketError,
        HasLoopback = () => false,
        OwnCid = () => OwnCid,
        VsockListeners = () => Listeners,
        Clock = () => Clock,
        OpenFileLimit = () => OpenFiles,
        IsRoot = true,
        Run = (program, arguments, _) => Task.FromResult(
            program == "systemctl" && _units.TryGetValue(arguments[1], out var properties)
                ? new ProgramOutput(0, properties.Replace(' ', '\n'))
                : null),
    };

    public void Write(string path, string text)
    {
        var file = Path.Combine(_root.Root, path.TrimStart('/'));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, text + "\n");
    }

    public void Delete(string path) => File.Delete(Path.Combine(_root.Root, path.TrimStart('/')));

    /// <summary>A process that has a socket open.</summary>
    public void AddProcess(int pid, string name, long inode)
    {
        Write($"/proc/{pid}/comm", name);
        Write($"/proc/{pid}/cmdline", $"/usr/bin/{name}\0run\0");
        var folder = Path.Combine(_root.Root, "proc", $"{pid}", "fd");
        Directory.CreateDirectory(folder);
        File.CreateSymbolicLink(Path.Combine(folder, "3"), $"socket:[{inode}]");
    }

    /// <summary>What systemd says of a unit, properties divided by spaces; from then on systemd runs here.</summary>
    public void SetUnit(string unit, string properties)
    {
        Write("/run/systemd/system/.there", "");
        _units[unit] = properties;
    }

    public void Dispose() => _root.Dispose();
}
