using System.Diagnostics;
using ParentProxy.Inside.Application;

namespace ParentProxy.Tests.Inside.Application;

public sealed class DescendantsTests
{
    [Fact]
    public async Task Descendants_ExceptSome_AreLeftOutWithTheirOwn()
    {
        using var shell = Process.Start(
            new ProcessStartInfo("sh", ["-c", "sh -c 'sleep 1000 & echo; wait' & sleep 1001 & read line"])
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
            })!;
        await shell.StandardOutput.ReadLineAsync();
        List<ProcessEntry> all;
        do
            all = ProcessTable.Descendants(shell.Id);
        while (all.Count(process => process.Name == "sleep") < 2);
        try
        {
            var inner = Assert.Single(all, process => process.Name == "sh");

            Assert.Equal(
                Assert.Single(all, process => process.Name == "sleep" && process.Parent == shell.Id).Pid,
                Assert.Single(ProcessTable.Descendants(shell.Id, new HashSet<(int, long)> { (inner.Pid, inner.Started) })).Pid);
            Assert.Equal(3, ProcessTable.Descendants(shell.Id, new HashSet<(int, long)> { (inner.Pid, inner.Started + 1) }).Count);
        }
        finally
        {
            all.ForEach(process => ChildReaper.SignalAny(process.Pid, SignalName.Kill));
            shell.StandardInput.Close();
            await shell.WaitForExitAsync();
        }
    }
}
