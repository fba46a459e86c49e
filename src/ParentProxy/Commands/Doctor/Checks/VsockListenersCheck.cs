using System.Globalization;
using ParentProxy.Commands.Doctor.Host;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-listeners</c>: what else than the proxy listens on vsock, and so is open to every enclave.</summary>
internal sealed class VsockListenersCheck : IDoctorCheck
{
    private const string Id = "vsock-listeners";

    /// <summary>Where systemd 256 and later has sshd on vsock.</summary>
    private const uint Ssh = 22;

    /// <summary>Where AWS's vsock-proxy listens as its package sets it up.</summary>
    private const uint VsockProxy = 8000;

    /// <summary>Where nitro-cli waits for an enclave that boots.</summary>
    private const uint Heartbeat = 9000;

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var list = @case.Machine.VsockListeners();
        if (list.Failure is { } errno)
        {
            return Task.FromResult<IReadOnlyList<CheckResult>>(
            [
                new CheckResult(Id, CheckStatus.Skip, $"the vsock sockets cannot be listed: {errno.Name}")
                {
                    Remedy = errno.Name == "ENOENT" ? ["modprobe vsock_diag, and run this again"] : ["ss --vsock -lp, as root"],
                },
            ]);
        }

        // What is bound to loopback no enclave reaches.
        var foreign = list.Sockets
            .Where(socket => socket.Cid != VsockCid.Local)
            .OrderBy(socket => socket.Port)
            .Select(socket => (Socket: socket, Owner: SocketOwner.Of(@case.Machine, socket.Inode)))
            .Where(pair => !(pair.Owner?.IsProxy ?? IsOurs(@case, pair.Socket.Port)))
            .ToList();
        return Task.FromResult<IReadOnlyList<CheckResult>>(foreign.Count == 0
            ? [new CheckResult(Id, CheckStatus.Ok, "nothing but the proxy listens on vsock")]
            : [.. foreign.Select(pair => Judge(@case, pair.Socket, pair.Owner))]);
    }

    private static bool IsOurs(DoctorCase @case, uint port) =>
        @case.Running.Egress?.Listeners.Any(listener => listener.Listen == Text(port)) ?? false;

    private static string Text(uint port) => string.Create(CultureInfo.InvariantCulture, $"vsock://any:{port}");

    private static CheckResult Judge(DoctorCase @case, VsockSocketList.Entry socket, SocketOwner? owner)
    {
        var who = owner?.ToString() ?? (@case.Machine.IsRoot ? "an unknown process" : $"a process of another user ({Machine.AsRoot})");
        var isWanted = @case.Options?.Egress.Listeners.Any(listener => listener.Listen.Port == socket.Port) ?? false;
        CheckResult Result(CheckStatus status, string summary, params string[] remedy) => new(Id, status, summary)
        {
            Subject = Text(socket.Port),
            Evidence = [$"{(socket.Cid == VsockCid.Any ? "any CID" : $"CID {socket.Cid}")}, port {socket.Port}: {who}"],
            Remedy = remedy,
        };
        return socket.Port switch
        {
            _ when isWanted => Result(
                CheckStatus.Fail,
                $"port {socket.Port} is one of Egress, and {who} listens there",
                "ss --vsock -lp names it; systemctl disable --now nitro-enclaves-vsock-proxy, if it is that"),
            Ssh => Result(
                CheckStatus.Warn,
                $"{who} listens on vsock port 22: every enclave can reach it at CID 3",
                "systemd 256 and later starts sshd there: systemctl disable --now sshd-vsock.socket",
                "for good: ln -s /dev/null /etc/systemd/system-generators/systemd-ssh-generator"),
            VsockProxy => Result(
                CheckStatus.Warn,
                $"{who} listens on vsock port {VsockProxy}, perhaps AWS's vsock-proxy: every enclave can reach it",
                "if Egress has taken its place: systemctl disable --now nitro-enclaves-vsock-proxy"),
            Heartbeat => Result(
                CheckStatus.Ok, $"{who} listens on vsock port {Heartbeat}: nitro-cli does while an enclave boots"),
            var port => Result(
                CheckStatus.Warn,
                $"{who} listens on vsock port {port}: every enclave can reach it",
                "ss --vsock -lp names it; stop it, unless enclaves are to reach it"),
        };
    }
}
