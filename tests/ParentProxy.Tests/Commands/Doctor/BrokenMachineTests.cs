using ParentProxy.Commands.Doctor;
using ParentProxy.Tests.Support;
using ParentProxy.Vsock;

namespace ParentProxy.Tests.Commands.Doctor;

/// <summary>What is wrong with the machine itself, and that <c>doctor</c> names it with its remedy.</summary>
public sealed class BrokenMachineTests
{
    private const string Service = "parent-proxy.service";

    [Fact]
    public async Task HealthyMachine_HasNothingThatFailsButTheEnclaveThatIsNotThere()
    {
        using var machine = new FakeMachine();

        var run = await DoctorRun.OfAsync(machine);

        Assert.Equal(["enclave-dial"], run.Results.Where(result => result.Status == CheckStatus.Fail).Select(result => result.Id));
        Assert.Equal(
            ["service-answer"], run.Results.Where(result => result.Status == CheckStatus.Warn).Select(result => result.Id));
    }

    [Fact]
    public async Task Remedy_StandsWithWhateverIsNotOk()
    {
        using var machine = new FakeMachine { SocketError = Errno.EPERM, OpenFiles = 64, OwnCid = null };

        var run = await DoctorRun.OfAsync(machine);

        Assert.All(
            run.Results.Where(result => result.Status is CheckStatus.Warn or CheckStatus.Fail),
            result => Assert.NotEmpty(result.Remedy));
        Assert.All(run.Results, result => Assert.Matches("^[a-z]+(-[a-z]+)*$", result.Id));
    }

    [Fact]
    public async Task MistakesInTheConfiguration_AreNamedAndTheOtherChecksRun()
    {
        using var machine = new FakeMachine { OwnCid = 16 };
        machine.Write("/proc/sys/net/core/somaxconn", "128");

        var run = await DoctorRun.OfAsync(machine, """{ "Enclaves": [ { "Cid": 0, "Port": 6300 } ], "Timeouts": { "Drian": "1" } }""");

        run.Says("configuration", CheckStatus.Fail, "2 mistakes", "parent-proxy check");
        Assert.Contains(run.Of("configuration").Evidence, line => line.StartsWith("Timeouts:Drian: ", StringComparison.Ordinal));
        run.Says("backlog", CheckStatus.Warn, "128", "net.core.somaxconn");
        Assert.Equal(CheckStatus.Skip, run.Of("enclave-dial").Status);
    }

    [Theory]
    [InlineData(
        "LoadState=loaded ActiveState=failed SubState=failed Result=exit-code ExecMainStatus=78 NRestarts=0",
        CheckStatus.Fail, "78", "parent-proxy check")]
    [InlineData(
        "LoadState=loaded ActiveState=failed SubState=failed Result=exit-code ExecMainStatus=1 NRestarts=0",
        CheckStatus.Fail, "exit status 1", "journalctl -u parent-proxy")]
    [InlineData("LoadState=masked ActiveState=inactive", CheckStatus.Fail, "masked", "systemctl unmask")]
    [InlineData("LoadState=loaded ActiveState=inactive SubState=dead", CheckStatus.Warn, "does not run", "systemctl enable --now")]
    [InlineData(
        "LoadState=loaded ActiveState=active SubState=running NRestarts=7 MainPID=1", CheckStatus.Warn, "again 7 times", "journalctl")]
    internal async Task Unit_NotAsItShouldBe_IsNamed(string properties, CheckStatus status, string summary, string remedy)
    {
        using var machine = new FakeMachine();
        machine.SetUnit(Service, properties);

        (await DoctorRun.OfAsync(machine)).Says("service-unit", status, summary, remedy);
    }

    [Theory]
    [InlineData("FileDescriptorStoreMax=0 NFileDescriptorStore=0 Environment=FDSTORE=512", CheckStatus.Warn)]
    [InlineData("FileDescriptorStoreMax=512 NFileDescriptorStore=2 Environment=FDSTORE=512", CheckStatus.Ok)]
    [InlineData("FileDescriptorStoreMax=0 NFileDescriptorStore=0 Environment=FDSTORE=0", null)]
    [InlineData("FileDescriptorStoreMax=0 NFileDescriptorStore=0 Environment=", null)]
    internal async Task StoreOfSockets_IsComparedWithWhatTheProxyIsToldOfIt(string properties, CheckStatus? status)
    {
        using var machine = new FakeMachine();
        machine.SetUnit(Service, $"LoadState=loaded ActiveState=active SubState=running NRestarts=0 MainPID=1 {properties}");

        var run = await DoctorRun.OfAsync(machine);

        Assert.Equal(status, run.Results.SingleOrDefault(result => result.Id == "service-sockets")?.Status);
        Assert.DoesNotContain("Environment", string.Join(' ', run.Of("service-unit").Evidence), StringComparison.Ordinal);
        if (status == CheckStatus.Warn)
            run.Says("service-sockets", CheckStatus.Warn, "refuses connections", "FileDescriptorStoreMax=0");
    }

    [Fact]
    public async Task KernelWithoutVsock_SaysWhichModules()
    {
        using var machine = new FakeMachine { SocketError = Errno.EAFNOSUPPORT };
        machine.Delete("/proc/modules");
        machine.Delete("/sys/bus/virtio/drivers/vmw_vsock_virtio_transport/virtio3");

        var run = await DoctorRun.OfAsync(machine);

        run.Says("vsock-transport", CheckStatus.Fail, "no vsock", "modprobe -a vsock vmw_vsock_virtio_transport");
        run.Says("vsock-socket", CheckStatus.Fail, "EAFNOSUPPORT", "RestrictAddressFamilies");
    }

    [Fact]
    public async Task KernelWithoutVsock_IsNoFailureWhereNoEnclaveNeedsIt()
    {
        using var machine = new FakeMachine { SocketError = Errno.EAFNOSUPPORT };

        var run = await DoctorRun.OfAsync(machine, """{ "Enclaves": [ { "Transport": "unix", "Path": "/nonexistent/x" } ] }""");

        Assert.Equal(CheckStatus.Warn, run.Of("vsock-socket").Status);
    }

    [Fact]
    public async Task SeccompOfAContainer_IsNamedWithItsSigns()
    {
        using var machine = new FakeMachine { SocketError = Errno.EPERM };
        machine.Write("/.dockerenv", "");
        machine.Write("/proc/self/status", "Seccomp:\t2");

        var run = await DoctorRun.OfAsync(machine);

        run.Says("vsock-socket", CheckStatus.Fail, "EPERM", "--security-opt seccomp=");
        Assert.Equal(2, run.Of("vsock-socket").Evidence.Count);
    }

    [Fact]
    public async Task LocalNamespace_SaysThatNoEnclaveIsReached()
    {
        using var machine = new FakeMachine();
        machine.Write("/proc/sys/net/vsock/ns_mode", "local");

        (await DoctorRun.OfAsync(machine)).Says("vsock-namespace", CheckStatus.Fail, "no enclave can be reached", "--network host");
    }

    [Fact]
    public async Task VirtualMachinesBesideEnclaves_WithToHostNever_SaysAuto()
    {
        using var machine = new FakeMachine();
        machine.Write("/sys/module/vhost_vsock/refcnt", "0");

        (await DoctorRun.OfAsync(machine, settings: "--Vsock:ToHost=never"))
            .Says("vsock-routing", CheckStatus.Fail, "never", "Vsock:ToHost to auto");
    }

    [Fact]
    public async Task OwnCidAsAnEnclaves_SaysWhereTheRightOneStands()
    {
        using var machine = new FakeMachine { OwnCid = 16 };

        (await DoctorRun.OfAsync(machine)).Says("vsock-cid", CheckStatus.Fail, "CID 16 of enclave 0", "nitro-cli describe-enclaves");
    }

    [Fact]
    public async Task ForeignListenersOnVsock_AreNamedWithTheirProcesses()
    {
        using var machine = new FakeMachine
        {
            Listeners = new([new(VsockCid.Any, 22, 501), new(VsockCid.Any, 8443, 502), new(VsockCid.Local, 77, 503), new(3, 5000, 504)]),
        };
        machine.AddProcess(311, "systemd", 501);
        machine.AddProcess(312, "vsock-proxy", 502);
        machine.AddProcess(313, "parent-proxy", 504);

        var run = await DoctorRun.OfAsync(
            machine,
            """
            { "Enclaves": [ { "Cid": 16, "Port": 6300 } ],
              "Egress": { "Allow": [ { "Hosts": ["a.example:443"] } ],
                          "Forwards": [ { "Listen": "vsock://any:8443", "To": "a.example:443" } ] } }
            """);

        run.Says("vsock-listeners", CheckStatus.Warn, "systemd (pid 311) listens on vsock port 22", "sshd-vsock.socket");
        run.Says("vsock-listeners", CheckStatus.Fail, "port 8443 is one of Egress, and vsock-proxy (pid 312)", "disable --now");
        Assert.Equal(2, run.Results.Count(result => result.Id == "vsock-listeners"));
        run.Says("listener", CheckStatus.Fail, "EADDRINUSE: vsock-proxy (pid 312)", "ss --vsock -lp");
    }

    [Fact]
    public async Task ListenersThatCannotBeListed_SaysWhatIsMissing()
    {
        using var machine = new FakeMachine { Listeners = new([], Errno.ENOENT) };

        (await DoctorRun.OfAsync(machine)).Says("vsock-listeners", CheckStatus.Skip, "ENOENT", "modprobe vsock_diag");
    }

    [Theory]
    [InlineData("6.12.93", "Linux version 6.12.93 #1 SMP Thu Jun 11 10:00:00 UTC 2026", "lost without an error")]
    [InlineData("7.0.4-amd64", "Linux version 7.0.4 #1 SMP Debian 7.0.4-1 (2026-05-02)", "CVE-2026-46214")]
    [InlineData("6.1.0-40-amd64", "Linux version 6.1.0-40 #1 SMP Debian 6.1.153-1 (2025-09-20)", "CVE-2026-23086")]
    public async Task KernelOfAKnownFault_IsAHintOnly(string release, string version, string fault)
    {
        using var machine = new FakeMachine();
        machine.Write("/proc/sys/kernel/osrelease", release);
        machine.Write("/proc/version", version);

        var run = await DoctorRun.OfAsync(machine);

        run.Says("kernel", CheckStatus.Warn, "a hint only: distributions back-port", "modprobe vsock_loopback");
        Assert.Contains(run.Of("kernel").Evidence, line => line.Contains(fault, StringComparison.Ordinal));
    }

    [Fact]
    public async Task AllocatorThatReservedTooLittle_SaysSo()
    {
        using var machine = new FakeMachine();
        machine.Write("/etc/nitro_enclaves/allocator.yaml", "---\nmemory_mib: 2048\n# of them\ncpu_count: 2");
        machine.Write("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages", "256");
        machine.Write("/sys/devices/system/cpu/offline", "1,3");

        (await DoctorRun.OfAsync(machine)).Says(
            "nitro-allocator", CheckStatus.Fail, "2048 MiB are asked for, and 512 are reserved", "restart nitro-enclaves-allocator");
    }

    [Fact]
    public async Task AllocatorWithoutItsProcessors_SaysSo()
    {
        using var machine = new FakeMachine();
        machine.Write("/etc/nitro_enclaves/allocator.yaml", "memory_mib: 512\ncpu_pool: 1,3-4");
        machine.Write("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages", "1");
        machine.Write("/sys/module/nitro_enclaves/parameters/ne_cpus", "1");

        (await DoctorRun.OfAsync(machine)).Says(
            "nitro-allocator", CheckStatus.Fail, "3 processors are asked for, and 1 are set aside", "-u nitro-enclaves-allocator");
    }

    [Fact]
    public async Task FewDescriptorsOfTheService_AreToldOfAndNotThoseOfTheShell()
    {
        using var machine = new FakeMachine { OpenFiles = 1_000_000 };
        machine.SetUnit(Service, "LoadState=loaded ActiveState=active SubState=running NRestarts=0 MainPID=77");
        machine.Write("/proc/77/limits", "Limit           Soft Limit Hard Limit Units\nMax open files            1024 4096 files");

        (await DoctorRun.OfAsync(machine)).Says("descriptors", CheckStatus.Warn, "1024", "LimitNOFILE=131072");
    }

    [Fact]
    public async Task MachineWithoutDescriptorsMemoryAndTime_IsToldOf()
    {
        using var machine = new FakeMachine { Clock = new(DateTime.UnixEpoch, TimeSpan.FromSeconds(16), IsSynchronized: false) };
        machine.Write("/proc/sys/fs/file-nr", "790000\t0\t800000");
        machine.Write("/proc/meminfo", "MemTotal: 8388608 kB\nMemAvailable: 50000 kB");

        var run = await DoctorRun.OfAsync(machine);

        run.Says("descriptors", CheckStatus.Fail, "next to no file descriptor left", "fs.file-max");
        run.Says("memory", CheckStatus.Warn, "only 48 of 8192 MiB", "memory_mib");
        run.Says("clock", CheckStatus.Warn, "nobody sets the clock", "chronyd");
    }

    [Fact]
    public async Task ListenerAmongOutgoingPorts_IsToldOf()
    {
        using var machine = new FakeMachine();

        (await DoctorRun.OfAsync(machine, settings: "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:40000"))
            .Says("ephemeral-ports", CheckStatus.Warn, "outgoing connection", "ip_local_reserved_ports");
    }

    [Fact]
    public async Task AnotherProgramOnTheAdminPort_IsToldOf()
    {
        using var machine = new FakeMachine();
        await using var other = ScriptedEnclave.Answering("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi");

        (await DoctorRun.OfAsync(machine, settings: $"--Admin:Url=http://{other.EndPoint["tcp://".Length..]}"))
            .Says("service-answer", CheckStatus.Fail, "not parent-proxy", "Admin:Url to another port");
    }
}
