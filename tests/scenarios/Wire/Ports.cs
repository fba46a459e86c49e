using System.Net;
using System.Net.Sockets;

namespace ParentProxy.Scenarios.Wire;

/// <summary>
/// Ports of the loopback that stay free while nobody listens: an enclave that is away must find its own again, and the
/// kernel must not have lent it to an outgoing connection.
/// </summary>
internal static class Ports
{
    private const string Ephemeral = "/proc/sys/net/ipv4/ip_local_port_range";
    private const int Count = 8000;

    private static readonly int First = int.Parse(
        File.ReadAllText(Ephemeral).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0],
        System.Globalization.CultureInfo.InvariantCulture) - Count;

    private static int _next = Random.Shared.Next(Count);

    /// <summary>A port that nobody listens on.</summary>
    public static int Next()
    {
        while (true)
        {
            var port = First + (Interlocked.Increment(ref _next) % Count);
            try
            {
                using var probe = new TcpListener(IPAddress.Loopback, port);
                probe.Start();
                return port;
            }
            catch (SocketException ex) when (ex.SocketErrorCode == SocketError.AddressAlreadyInUse)
            {
            }
        }
    }
}
