using System.Net;
using System.Net.Sockets;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Listeners;

/// <summary>
/// Finds out whether the proxy could listen where it is to. Only what nobody has is bound, for a moment; of what somebody has it is
/// looked up who that is.
/// </summary>
/// <param name="machine">The machine.</param>
/// <param name="running">The running proxy.</param>
internal sealed class PlaceSurvey(Machine machine, RunningAnswer running)
{
    private readonly ListenTable _table = new(machine);

    /// <summary>Looks at one place.</summary>
    public PlaceReport Look(ListenPlace place)
    {
        var holders = Holders(place);
        if (holders.Count > 0)
        {
            var owners = holders.Select(inode => SocketOwner.Of(machine, inode)).ToList();
            var owner = owners.Find(one => one is { IsProxy: false }) ?? owners.Find(one => one is not null);
            if (owner is null ? IsOfRunning(place) : owner.IsProxy && running.Health is not null)
                return new PlaceReport(place, PlaceState.Ours, $"the running proxy listens there{(owner is null ? "" : $": {owner}")}");
            return Taken(place, owner);
        }

        if (place.SocketPath is { } path)
            return LookAtPath(place, path);
        foreach (var endPoint in EndPoints(place))
        {
            if (TryBind(place, endPoint) is { } report)
                return report;
        }

        return new PlaceReport(place, PlaceState.Free, "free");
    }

    private List<long> Holders(ListenPlace place) =>
    [
        .. place.Addresses.Where(address => address.Port > 0).SelectMany(_table.Holding).Select(socket => socket.Inode),
        .. place.VsockPort is { } port ? _table.Holding(port).Select(socket => socket.Inode) : [],
        .. place.SocketPath is { } path ? _table.Holding(path) : [],
    ];

    private bool IsOfRunning(ListenPlace place) =>
        running.Health is { } health
        && (place.Text == running.Url
            || (running.Egress?.Listeners.Any(listener => listener.Listen == place.Text) ?? false)
            || health.Listeners.Any(listener => IsAt(listener.Endpoint, place)));

    private static bool IsAt(string told, ListenPlace place)
    {
        if (place.SocketPath is { } path)
            return told.EndsWith(path, StringComparison.Ordinal);
        var port = told[(told.LastIndexOf(':') + 1)..].TrimEnd('/');
        return place.Addresses.Any(address => address.Port.ToString(System.Globalization.CultureInfo.InvariantCulture) == port);
    }

    private PlaceReport Taken(ListenPlace place, SocketOwner? owner)
    {
        var list = place.VsockPort is not null ? "ss --vsock -lp" : place.SocketPath is not null ? "ss -lxp" : "ss -ltnp";
        var sudo = machine.IsRoot ? "" : "sudo ";
        if (owner is { IsProxy: true })
        {
            return new PlaceReport(
                place,
                PlaceState.Taken,
                $"a parent-proxy that does not answer on {running.Url} listens there: {owner}",
                $"ps -fp {owner.Pid}; is it one with another configuration, or a stuck one?");
        }

        var who = owner is not null ? owner.ToString()
            : machine.IsRoot ? "a process in another namespace"
            : $"a process of another user ({Machine.AsRoot} to learn which)";
        return new PlaceReport(
            place,
            PlaceState.Taken,
            $"EADDRINUSE: {who} listens there",
            $"{sudo}{list} names it; stop it, or set {place.Setting} to another address");
    }

    private PlaceReport LookAtPath(ListenPlace place, string path)
    {
        var folder = Path.GetDirectoryName(path)!;
        if (!machine.Exists(folder))
        {
            return new PlaceReport(
                place,
                PlaceState.Impossible,
                $"ENOENT: the folder {folder} does not exist",
                $"mkdir -p {folder}, or RuntimeDirectory= in a drop-in of the unit when it is below /run");
        }

        // A file is not bound to: that would take it from whoever comes back to it.
        return new PlaceReport(
            place, PlaceState.Free, machine.Exists(path) ? "free: a socket file is left over, which the proxy replaces" : "free");
    }

    private static IEnumerable<EndPoint> EndPoints(ListenPlace place) =>
        place.VsockPort is { } port ? [new VsockEndPoint(VsockCid.Any, port)] : place.Addresses;

    /// <summary>What keeps the proxy from it; null when nothing does.</summary>
    private PlaceReport? TryBind(ListenPlace place, EndPoint endPoint)
    {
        try
        {
            ListenSocket.Bind(endPoint).Close();
            return null;
        }
        catch (SocketException ex)
        {
            return Failed(place, endPoint, Errno.FromSocketError(ex.SocketErrorCode));
        }
        catch (VsockException ex)
        {
            return Failed(place, endPoint, ex.Errno, ex);
        }
    }

    private PlaceReport Failed(ListenPlace place, EndPoint endPoint, Errno errno, VsockException? vsock = null) => errno.Name switch
    {
        "EADDRINUSE" => IsOfRunning(place)
            ? new PlaceReport(place, PlaceState.Ours, "the running proxy listens there")
            : Taken(place, null),
        "EACCES" or "EPERM" => new PlaceReport(
            place,
            PlaceState.Untried,
            $"{errno.Name}: this user may not listen on a port below 1024, so that it was not tried",
            $"the shipped unit may (AmbientCapabilities=CAP_NET_BIND_SERVICE); to try it, {Machine.AsRoot}"),
        "EADDRNOTAVAIL" => new PlaceReport(
            place,
            PlaceState.Impossible,
            $"EADDRNOTAVAIL: {(endPoint as IPEndPoint)?.Address.ToString() ?? "the CID"} belongs to no interface of this machine",
            $"ip address; set {place.Setting} to one of its addresses, or to 0.0.0.0"),
        "EAFNOSUPPORT" when vsock is null => new PlaceReport(
            place,
            PlaceState.Impossible,
            "EAFNOSUPPORT: IPv6 is switched off on this machine",
            $"write 0.0.0.0 for [::] or * in {place.Setting}"),
        _ => new PlaceReport(
            place,
            PlaceState.Impossible,
            $"{errno.Name}: {vsock?.Meaning ?? errno.Description}",
            vsock?.Hint ?? "see the errno in 'man 2 bind'"),
    };
}
