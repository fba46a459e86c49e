using ParentProxy.Runtime;

namespace ParentProxy.Tests.Runtime;

public sealed class ProcessStatusTests
{
    [Fact]
    public void Current_IsWhatTheKernelTells()
    {
        var told = File.ReadLines("/proc/self/limits")
            .Single(line => line.StartsWith("Max open files", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)[3];

        Assert.Equal(told, OpenFileLimit.Current()?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "unlimited");
    }

    [Fact]
    public void OpenDescriptors_ThatCannotBeCounted_AreAsManyAsMayBe() =>
        Assert.Equal(OpenFileLimit.Current(), ProcessStatus.OpenDescriptors("/nonexistent"));

    [Fact]
    public void Read_ThisProcess_HasThreadsAndMemory() =>
        Assert.True(ProcessStatus.Read() is { ResidentBytes: > 0, VirtualBytes: > 0, Threads: > 0 });
}
