using System.Globalization;
using System.Net;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>Who listens where on this machine, as <c>/proc/net</c> and sock_diag tell: without a connection, and without a bind.</summary>
/// <param name="machine">The machine.</param>
internal sealed class ListenTable(Machine machine)
{
    private const string Listening = "0A";

    /// <summary>SO_ACCEPTCON, as <c>/proc/net/unix</c> shows it.</summary>
    private const string AcceptsConnections = "00010000";

    private readonly Lazy<IReadOnlyList<(IPEndPoint At, long Inode)>> _tcp = new(() =>
        [.. Tcp(machine, "/proc/net/tcp"), .. Tcp(machine, "/proc/net/tcp6")]);

    private readonly Lazy<VsockSocketList> _vsock = new(() => machine.VsockListeners());

    /// <summary>The sockets of TCP that keep an address from being listened on.</summary>
    public IEnumerable<(IPEndPoint At, long Inode)> Holding(IPEndPoint address) => _tcp.Value.Where(socket =>
        socket.At.Port == address.Port && Overlap(socket.At.Address, address.Address));

    /// <summary>The sockets of vsock that listen on a port.</summary>
    public IEnumerable<VsockSocketList.Entry> Holding(uint port) => _vsock.Value.Sockets.Where(socket => socket.Port == port);

    /// <summary>The unix sockets that listen at a path.</summary>
    public IEnumerable<long> Holding(string path) => machine.Lines("/proc/net/unix")
        .Select(line => line.Split((char[]?)null, 8, StringSplitOptions.RemoveEmptyEntries))
        .Where(words => words.Length == 8 && words[3] == AcceptsConnections && words[7] == path)
        .Select(words => long.Parse(words[6], CultureInfo.InvariantCulture));

    /// <summary>The sockets of vsock.</summary>
    public VsockSocketList Vsock => _vsock.Value;

    private static bool Overlap(IPAddress held, IPAddress wanted) =>
        held.Equals(wanted)
        || IsAny(held)
        || IsAny(wanted)
        || (held.IsIPv4MappedToIPv6 && held.MapToIPv4().Equals(wanted));

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    private static IEnumerable<(IPEndPoint At, long Inode)> Tcp(Machine machine, string file)
    {
        foreach (var line in machine.Lines(file).Skip(1))
        {
            var words = line.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
            if (words.Length < 10 || words[3] != Listening)
                continue;
            var (address, port) = (words[1][..words[1].IndexOf(':', StringComparison.Ordinal)], words[1][^4..]);

            // Each word of 32 bit is written as the number that it is in memory.
            var bytes = Convert.FromHexString(address);
            for (var i = 0; i < bytes.Length; i += sizeof(uint))
                bytes.AsSpan(i, sizeof(uint)).Reverse();
            yield return (
                new IPEndPoint(new IPAddress(bytes), int.Parse(port, NumberStyles.HexNumber, CultureInfo.InvariantCulture)),
                long.Parse(words[9], CultureInfo.InvariantCulture));
        }
    }
}
