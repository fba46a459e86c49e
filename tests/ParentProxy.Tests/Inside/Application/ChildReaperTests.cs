using System.Runtime.InteropServices;
using ParentProxy.Inside.Application;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

public sealed class ChildReaperTests
{
    [Fact]
    public async Task Start_ChildThatSomebodyElseWaitsFor_HasEndedWithAFailure()
    {
        using var children = ChildReaper.ForOwnChildren();

        var pid = children.Start(
            () =>
            {
                var child = Spawn.Start("/bin/true", ["true"], new Dictionary<string, string>(), user: null, output: null, error: null);
                Assert.Equal(child, WaitPid(child, 0, 0));
                return child;
            },
            out var exit);

        var end = await exit.WaitAsync(TestDeadline.Value);
        Assert.Equal((1, "an exit code that is not known"), (end.ExitCode, end.ToString()));
        Assert.False(children.Signal(pid, SignalName.Continue));
    }

    [DllImport("libc", EntryPoint = "waitpid")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int WaitPid(int pid, nint status, int options);
}
