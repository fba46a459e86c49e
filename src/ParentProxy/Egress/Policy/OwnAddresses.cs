using System.Net;
using System.Net.NetworkInformation;
using Microsoft.Extensions.Logging;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Policy;

/// <summary>The addresses of this machine's interfaces, asked for anew every few seconds. Any thread.</summary>
internal sealed class OwnAddresses(TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    /// <summary>Older ones are asked for while the caller waits, some milliseconds: nobody had asked for so long.</summary>
    private static readonly TimeSpan Usable = TimeSpan.FromMinutes(1);

    private Snapshot? _last;
    private int _isReading;

    /// <summary>The addresses; those before while the system does not tell.</summary>
    public IReadOnlySet<IPAddress> Current
    {
        get
        {
            var last = Volatile.Read(ref _last);
            var age = last is null ? Usable : time.GetElapsedTime(last.Taken);
            if (last is null || age >= Usable)
                return Read().Addresses;

            // The runtime reads files of /proc for this, which is not for an event loop.
            if (age >= Fresh && Interlocked.Exchange(ref _isReading, 1) == 0)
                _ = Task.Run(Read);
            return last.Addresses;
        }
    }

    private Snapshot Read()
    {
        var last = Volatile.Read(ref _last);
        Snapshot next;
        try
        {
            var addresses = NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Select(unicast => AddressGuard.Unwrap(unicast.Address));
            next = new Snapshot(addresses.ToHashSet(), time.GetTimestamp(), IsKnown: true);
        }
        catch (Exception e) when (e is NetworkInformationException or IOException or UnauthorizedAccessException)
        {
            if (last is null or { IsKnown: true })
                PolicyLog.OwnAddressesUnknown(
                    logger, e is NetworkInformationException network ? $"{new Errno(network.ErrorCode)}" : e.Message);
            next = new Snapshot(last?.Addresses ?? new HashSet<IPAddress>(), time.GetTimestamp(), IsKnown: false);
        }

        Volatile.Write(ref _last, next);
        Volatile.Write(ref _isReading, 0);
        return next;
    }

    private sealed record Snapshot(IReadOnlySet<IPAddress> Addresses, long Taken, bool IsKnown);
}
