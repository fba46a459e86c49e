using System.Globalization;
using ParentProxy.Sockets.Passing;

namespace ParentProxy.Hosting;

/// <summary>
/// The sockets that systemd starts a service with (sd_listen_fds(3)): of its socket units, and what it has kept of an earlier process.
/// </summary>
internal static class SystemdListeners
{
    private const int First = 3;
    private const string Ours = "parent-proxy.";

    // Programs that this one starts would take our sockets for theirs.
    private static readonly string[] Variables = ["LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES"];

    /// <summary>Takes them over; to be called once, before anything is started or listened on.</summary>
    /// <param name="environment">Reads a variable of the environment.</param>
    /// <param name="forget">Removes one.</param>
    /// <param name="unusable">Descriptors that are no listening sockets of TCP, unix or vsock, in words; they are closed.</param>
    public static IReadOnlyList<PassedListener> Take(
        Func<string, string?> environment, Action<string> forget, out IReadOnlyList<string> unusable)
    {
        var isForUs = environment("LISTEN_PID") == Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
        var names = environment("LISTEN_FDNAMES")?.Split(':') ?? [];
        if (!isForUs || !int.TryParse(environment("LISTEN_FDS"), NumberStyles.None, CultureInfo.InvariantCulture, out var count))
            count = 0;
        Array.ForEach(Variables, forget);
        var listeners = new List<PassedListener>();
        var strangers = new List<string>();
        for (var i = 0; i < count; i++)
        {
            var name = names.ElementAtOrDefault(i) ?? "unknown";
            DescriptorCalls.KeepToOurselves(First + i);
            if (DescriptorCalls.BoundTo(First + i) is { } endPoint)
            {
                listeners.Add(new PassedListener(First + i, endPoint, name, name.StartsWith(Ours, StringComparison.Ordinal)));
                continue;
            }

            strangers.Add(name);
            DescriptorCalls.CloseNumber(First + i);
        }

        unusable = strangers;
        return listeners;
    }
}
