namespace ParentProxy.Commands.Doctor.Checks;

/// <summary><c>vsock-transport</c>: whether the kernel has vsock, and a way to enclaves.</summary>
internal sealed class VsockTransportCheck : IDoctorCheck
{
    private const string Id = "vsock-transport";
    private const string GuestDriver = "vmw_vsock_virtio_transport";

    private static readonly string[] Modules =
        ["vsock", GuestDriver, "vmw_vsock_virtio_transport_common", "vhost_vsock", "vsock_loopback", "vmw_vsock_vmci_transport", "hv_sock"];

    /// <inheritdoc/>
    public Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken)
    {
        var machine = @case.Machine;
        var there = Modules.Where(machine.HasModule).ToList();
        var bound = machine.Names($"/sys/bus/virtio/drivers/{GuestDriver}")
            .Count(name => name.StartsWith("virtio", StringComparison.Ordinal));
        string[] evidence =
        [
            there.Count > 0
                ? $"modules: {string.Join(", ", there)}"
                : "no module of vsock in /proc/modules, /sys/module or modules.builtin",
            bound > 0 ? $"{bound} virtio device for vsock" : "no virtio device for vsock",
        ];
        CheckResult Result(CheckStatus status, string summary, params string[] remedy) =>
            new(Id, status, summary) { Evidence = evidence, Remedy = remedy };

        // AF_VSOCK without any module: a kernel that has it built in need not tell.
        var hasFamily = there.Contains("vsock") || machine.OpenVsock() is null;
        return Task.FromResult<IReadOnlyList<CheckResult>>([
            !hasFamily ? Result(@case.WithoutVsock, "the kernel has no vsock", $"modprobe -a vsock {GuestDriver}")
            : bound > 0 ? Result(CheckStatus.Ok, "there is a vsock device to the host, the way to Nitro enclaves")
            : there.Contains("vhost_vsock")
                ? Result(CheckStatus.Ok, "no vsock device to the host; vhost_vsock leads to virtual machines of this one")
            : there.Contains("vsock_loopback")
                ? Result(
                    @case.WithoutVsock == CheckStatus.Fail && NeedsMoreThanLoopback(@case) ? CheckStatus.Fail : CheckStatus.Warn,
                    "vsock leads only to this machine itself (vsock_loopback)",
                    "is this a parent with enclaves enabled (aws ec2 describe-instances: EnclaveOptions)?",
                    $"modprobe {GuestDriver}")
            : @case.NeedsVsock
                ? Result(
                    CheckStatus.Fail,
                    "no vsock transport leads to enclaves",
                    "is this a parent with enclaves enabled (aws ec2 describe-instances: EnclaveOptions)?",
                    $"modprobe {GuestDriver}; lsmod | grep vsock")
            : Result(CheckStatus.Ok, "no vsock transport, and the configuration needs none")]);
    }

    private static bool NeedsMoreThanLoopback(DoctorCase @case) => @case.Enclaves.All.Any(enclave => enclave.Endpoint.Cid > 1);
}
