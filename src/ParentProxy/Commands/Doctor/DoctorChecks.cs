using ParentProxy.Commands.Doctor.Checks;

namespace ParentProxy.Commands.Doctor;

/// <summary>All checks, in the order of the report.</summary>
internal static class DoctorChecks
{
    /// <summary>Each heading, and what is looked at below it.</summary>
    public static IReadOnlyList<(string Heading, IDoctorCheck[] Checks)> All { get; } =
    [
        ("Configuration and service", [new ConfigurationCheck(), new UnitCheck(), new RunningCheck()]),
        (
            "vsock",
            [
                new KernelCheck(), new VsockTransportCheck(), new VsockSocketCheck(), new VsockDeviceCheck(), new VsockNamespaceCheck(),
                new ContainerCheck(), new VsockRoutingCheck(), new VsockTrialCheck(), new VsockListenersCheck(),
            ]),
        ("Nitro", [new NitroDeviceCheck(), new NitroCliCheck(), new NitroEnclavesCheck(), new AllocatorCheck()]),
        ("Enclaves", [new EnclaveCheck()]),
        ("Listeners", [new ListenersCheck(), new EphemeralPortsCheck()]),
        ("Machine", [new DescriptorsCheck(), new MemoryCheck(), new ClockCheck(), new BacklogCheck()]),
    ];
}
