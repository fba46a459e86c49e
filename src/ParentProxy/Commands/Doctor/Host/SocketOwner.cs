using System.Globalization;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>A process that has a socket open.</summary>
/// <param name="Pid">The process.</param>
/// <param name="Name">Its name, as the kernel has it: 15 characters.</param>
internal sealed record SocketOwner(int Pid, string Name)
{
    private const int SystemdPid = 1;

    /// <summary>Whether it is a process of this program, which may be started by dotnet.</summary>
    public bool IsProxy { get; init; }

    /// <summary>
    /// The process that has a socket open; null where none can be seen to have it. systemd keeps copies of the sockets of services: it is
    /// meant only where nobody else has one.
    /// </summary>
    /// <param name="machine">The machine.</param>
    /// <param name="inode">The socket.</param>
    public static SocketOwner? Of(Machine machine, long inode)
    {
        var link = string.Create(CultureInfo.InvariantCulture, $"socket:[{inode}]");
        SocketOwner? best = null;
        foreach (var pid in machine.Names("/proc").Where(name => name.All(char.IsAsciiDigit)))
        {
            var folder = $"/proc/{pid}/fd";
            if (machine.Names(folder).Any(fd => LinkAt(machine.At($"{folder}/{fd}")) == link))
            {
                var number = int.Parse(pid, CultureInfo.InvariantCulture);
                var owner = new SocketOwner(number, machine.Line($"/proc/{pid}/comm") ?? "?") { IsProxy = IsProxyProcess(machine, pid) };
                if (owner.IsProxy)
                    return owner;
                if (best is null or { Pid: SystemdPid })
                    best = owner;
            }
        }

        return best;
    }

    /// <inheritdoc/>
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Name} (pid {Pid})");

    private static bool IsProxyProcess(Machine machine, string pid) =>
        (machine.Text($"/proc/{pid}/cmdline") ?? "")
            .Split('\0')
            .Take(2)
            .Any(word => Path.GetFileName(word) is "parent-proxy" or "parent-proxy.dll");

    private static string? LinkAt(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            // Closed meanwhile.
            return null;
        }
    }
}
