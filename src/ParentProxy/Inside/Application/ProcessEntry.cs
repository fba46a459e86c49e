namespace ParentProxy.Inside.Application;

/// <summary>A process, as the kernel lists it.</summary>
/// <param name="Pid">Its number.</param>
/// <param name="Parent">The number of the process that it is a child of.</param>
/// <param name="Name">The first 15 bytes of its program's name.</param>
/// <param name="IsZombie">Whether it has ended, and only its exit code is left.</param>
/// <param name="CpuSeconds">Processor time of it and of those that it waited for.</param>
/// <param name="ResidentBytes">Memory that it has in use; what it shares with others counts for each.</param>
/// <param name="Started">
/// When it was started, in ticks since the start of the machine: tells it from a later one of the same number.
/// </param>
internal sealed record ProcessEntry(int Pid, int Parent, string Name, bool IsZombie, double CpuSeconds, long ResidentBytes, long Started);
