using System.Globalization;
using ParentProxy.Commands.Listeners;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>ephemeral-ports</c>: whether a port to listen on is one that the kernel gives to outgoing connections.</summary>
internal sealed class EphemeralPortsCheck : IDoctorCheck
{
    private const string Id = "ephemeral-ports";
    private const string File = "/proc/sys/net/ipv4/ip_local_port_range";
    private const string Reserved = "/proc/sys/net/ipv4/ip_local_reserved_ports";

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var ends = (@case.Machine.Line(File) ?? "").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries);
        if (@case.Options is not { } options
            || ends.Length != 2
            || !int.TryParse(ends[0], CultureInfo.InvariantCulture, out var first)
            || !int.TryParse(ends[1], CultureInfo.InvariantCulture, out var last)
            || @case.Machine.Line(Reserved) is { Length: > 0 })
            return Task.FromResult<IReadOnlyList<CheckResult>>([]);
        var within = ListenPlace.Of(options)
            .Where(place => place.Addresses.Any(address => address.Port >= first && address.Port <= last))
            .Select(place => $"{place.Text} ({place.Setting})")
            .ToList();
        return Task.FromResult<IReadOnlyList<CheckResult>>(
        [
            within.Count == 0
                ? new CheckResult(Id, CheckStatus.Ok, $"no listener is on a port that outgoing connections get ({first} to {last})")
                : new CheckResult(Id, CheckStatus.Warn, "an outgoing connection may have a listener's port when the proxy starts")
                {
                    Evidence = [$"{File}: {first} to {last}", .. within],
                    Remedy = [$"choose a port below {first}, or list it in net.ipv4.ip_local_reserved_ports (sysctl)"],
                },
        ]);
    }
}
