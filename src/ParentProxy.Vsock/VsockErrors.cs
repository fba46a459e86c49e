namespace ParentProxy.Vsock;

/// <summary>What each error means on vsock, written for whoever is woken by it on a Nitro parent.</summary>
/// <remarks>Meanings from net/vmw_vsock of the Linux kernel and vsock(7).</remarks>
internal static class VsockErrors
{
    internal static Explanation Explain(Errno errno, string operation) => (errno.Name, operation) switch
    {
        ("ENODEV", "connect") => new(
            "no transport to this CID",
            "The CID is this machine's own, or no vsock transport is loaded. Compare the CID with `nitro-cli "
                + "describe-enclaves`; check `ls -l /dev/vsock` and `modprobe vsock_loopback` (CID 1) or the virtio transport "
                + "(`lsmod | grep vsock`)."),
        ("ENODEV", _) => new(
            "no vsock transport",
            "The vsock device is gone or its transport module is not loaded: check `lsmod | grep vsock` and `ls -l /dev/vsock`."),
        ("ECONNRESET", "connect") => new(
            "nobody listens on this port, or the accept backlog is full",
            "The enclave answered with a reset; nothing was sent, so dialling again is safe. See whether the server inside has "
                + "started (`nitro-cli console --enclave-id …`, debug mode only), whether the port is right, and whether its listen "
                + "backlog is large enough."),
        ("ECONNRESET", _) => new(
            "the connection was reset",
            "The enclave or its vsock device went away. Check `nitro-cli describe-enclaves` for its state and the enclave's "
                + "console for a crash."),
        ("ETIMEDOUT", "connect") => new(
            "no answer from this CID",
            "No enclave with this CID answers: it has ended, has not booted far enough, or the CID is wrong. Compare with "
                + "`nitro-cli describe-enclaves`; if it is RUNNING, its kernel may be stuck or starved."),
        ("ETIMEDOUT", _) => new(
            "the peer did not answer in time",
            "The enclave is overloaded or stuck: check `nitro-cli describe-enclaves` and its console."),
        ("EPERM", _) => new(
            "forbidden by a security policy",
            "Usually Docker's default seccomp profile, which blocks AF_VSOCK: run the container with a profile that allows "
                + "socket family 40 (`--security-opt seccomp=…`)."),
        ("EACCES", "bind") => new(
            "ports below 1024 are privileged",
            "Choose a vsock port of 1024 or more, or grant CAP_NET_BIND_SERVICE (systemd: AmbientCapabilities=CAP_NET_BIND_SERVICE)."),
        ("EACCES", _) => new(
            "denied by a security policy",
            "An SELinux or AppArmor rule denies vsock to this process: look for a denial in `journalctl -k` or `ausearch -m avc`."),
        ("EAFNOSUPPORT", _) => new(
            "this kernel has no AF_VSOCK",
            "The vsock module is not loaded: `modprobe vsock vmw_vsock_virtio_transport` on the parent. In a container the "
                + "host's kernel must have it, and a systemd unit's RestrictAddressFamilies= must list AF_VSOCK."),
        ("EADDRNOTAVAIL", "bind" or "listen") => new(
            "this machine does not have this CID",
            "Listen on CID 4294967295 (any). CID 1 needs `modprobe vsock_loopback`; any other CID must be this machine's own."),
        ("EADDRNOTAVAIL", _) => new(
            "no free local port",
            "The kernel found no free local vsock port: look for a connection leak (`ss --vsock -a`)."),
        ("EADDRINUSE", _) => new(
            "the port is already taken",
            "Another process listens on this vsock port: `ss --vsock -lp` shows which. Stop it or choose another port."),
        ("EPROTO", _) => new(
            "the peer broke the vsock protocol",
            "An unexpected packet arrived while connecting. Dial again; if it stays, the enclave's kernel or the vsock device "
                + "is at fault: restart the enclave."),
        ("ENETUNREACH", _) => new(
            "the transport allows no stream to this CID",
            "The loaded vsock transport refuses this CID, or a vsock network namespace in local mode hides it (`sysctl "
                + "net.vsock.ns_mode`): run on the host, or in global mode."),
        ("EHOSTUNREACH", _) => new(
            "no route to this CID",
            "The transport knows no machine with this CID: compare with `nitro-cli describe-enclaves`."),
        ("ECONNREFUSED", _) => new(
            "refused",
            "The transport refused the connection: see whether the server inside the enclave listens on this port."),
        ("EPIPE", _) => new(
            "the peer has closed",
            "The enclave ended the connection or closed its receiving side while data was on its way: check its log and "
                + "console for a crash or restart."),
        ("ENOTCONN", _) => new(
            "the connection is over",
            "The connection had ended before this operation; dial a new one."),
        ("EMFILE", _) => new(
            "this process has no free file descriptor",
            "Raise the limit (systemd: LimitNOFILE=, shell: `ulimit -n`) or look for a connection leak in /proc/PID/fd."),
        ("ENFILE", _) => new(
            "the whole machine has no free file descriptor",
            "Raise `sysctl fs.file-max` or find the process that leaks (`lsof | awk '{print $1,$2}' | sort | uniq -c | sort -n | tail`)."),
        ("ENOBUFS", _) => new(
            "no buffer space",
            "The kernel could not get memory for socket buffers: check `free -m` and `dmesg`; the enclaves' hugepages take "
                + "memory from the parent."),
        ("ENOMEM", _) => new(
            "no memory",
            "The kernel is out of memory: check `free -m` and `dmesg`; the enclaves' hugepages take memory from the parent."),
        ("EINTR", _) => new(
            "interrupted by a signal",
            "Harmless; the operation can be tried again."),
        ("EAGAIN", _) => new(
            "temporarily not possible",
            "The kernel asks to try again; if it stays, check memory and descriptors."),
        ("ECONNABORTED", _) => new(
            "the connection ended before it was accepted",
            "The peer gave up between dialling and being accepted; harmless unless frequent."),
        ("EINVAL", _) => new(
            "refused by the kernel as invalid",
            "The address, flag or option is not valid for this kernel: ToHost needs Linux 5.11 or newer."),
        ("EOPNOTSUPP", _) => new(
            "not supported on vsock",
            "The kernel's vsock transport does not support this operation: update the parent's kernel."),
        ("ENOPROTOOPT", _) => new(
            "option unknown to this kernel",
            "The kernel does not know this vsock socket option: leave BufferBytes at 0 or update the kernel."),
        ("ECANCELED", _) => new(
            "the stream was closed meanwhile",
            "The connection was closed or aborted by this process while the operation was pending."),
        ("EUNKNOWN", _) => new(
            "unknown error",
            "The runtime did not pass the kernel's error on: `strace -f -e trace=network -p PID` shows it."),
        _ => new(
            errno.Description,
            "Not an error that vsock is known to give: check `dmesg` and `journalctl -k`."),
    };

    /// <param name="Meaning">A few words, without a full stop.</param>
    /// <param name="Hint">Whole sentences.</param>
    internal readonly record struct Explanation(string Meaning, string Hint);
}
