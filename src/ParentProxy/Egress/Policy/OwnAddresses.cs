using System.Net;
using System.Net.NetworkInformation;

namespace ParentProxy.Egress.Policy;

/// <summary>The addresses of this machine's interfaces, asked for anew every few seconds. Any thread.</summary>
internal sealed class OwnAddresses(TimeProvider time)
{
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(5);

    private Snapshot? _last;

    /// <summary>The addresses, as they were a few seconds ago at most; those before when the system does not tell.</summary>
    public IReadOnlySet<IPAddress> Current
    {
        get
        {
            var last = Volatile.Read(ref _last);
            if (last is not null && time.GetElapsedTime(last.Taken) < Fresh)
                return last.Addresses;
            var next = new Snapshot(Read() ?? last?.Addresses ?? new HashSet<IPAddress>(), time.GetTimestamp());
            Volatile.Write(ref _last, next);
            return next.Addresses;
        }
    }

    private static HashSet<IPAddress>? Read()
    {
        try
        {
            return [.. NetworkInterface.GetAllNetworkInterfaces()
                .SelectMany(one => one.GetIPProperties().UnicastAddresses)
                .Select(unicast => AddressGuard.Unwrap(unicast.Address))];
        }
        catch (NetworkInformationException)
        {
            return null;
        }
    }

    private sealed record Snapshot(IReadOnlySet<IPAddress> Addresses, long Taken);
}
