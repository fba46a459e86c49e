using System.Globalization;
using ParentProxy.Inside.Application;
using ParentProxy.Tests.Hosting;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

/// <summary>The program as a process of its own, which waits for every child that it has.</summary>
public sealed class ProgramTests : IDisposable
{
    private readonly TemporaryDirectory _files = new();

    public void Dispose() => _files.Dispose();

    [Fact]
    public async Task Enclave_ChildSignalIgnoredByWhoStartedIt_HearsTheExitCode()
    {
        // Behind "env --default-signal", which would undo it.
        await using var program = Run("shift 2; trap '' CHLD", "exit 3");

        Assert.Equal(3, await program.ExitAsync());
    }

    [Fact]
    public async Task Enclave_OnATerminal_RuntimeDoesNotWaitForItsChildren()
    {
        // As PID 1 it would, in the handler that it installs there.
        await using var program = Run("""exec script -qefc "$*" /dev/null""", "grep SigCgt /proc/$PPID/status; exit 3");

        Assert.Equal(3, await program.ExitAsync());

        var caught = (await program.Out.WaitAsync("SigCgt:")).Split('\t')[^1];
        Assert.Equal(0, Convert.ToInt64(caught.Trim(), 16) & (1 << (SignalName.Child - 1)));
    }

    [Fact]
    public async Task Enclave_ChildThatWasThereBefore_OutlivesRestartsAndTheEnd()
    {
        await using var program = Run(
            "sleep 1000 > /dev/null 2>&1 & echo sidecar $!", "sleep 1000 & exit 3", "--restart", "always",
            "--Enclave:Application:RestartDelay=00:00:00.001");
        var sidecar = int.Parse((await program.Out.WaitAsync("sidecar")).Split(' ')[1], CultureInfo.InvariantCulture);
        try
        {
            await program.Out.WaitAsync("restart 2 ");

            // By itself, or by the signal, when that meets the next one before it has ended.
            Assert.Contains(await program.StopAsync(Signal.Term), (int[])[3, 128 + (int)Signal.Term]);

            Assert.False(ProcessTable.Find(sidecar)?.IsZombie ?? true);
            Assert.Contains("left 1 processes behind (sleep)", program.Out.ToString(), StringComparison.Ordinal);
        }
        finally
        {
            ChildReaper.SignalAny(sidecar, SignalName.Kill);
        }
    }

    private ProxyProcess Run(string shell, string script, params string[] flags)
    {
        File.WriteAllText(_files.File("application"), script);
        return ProxyProcess.Start(
            new ProxyStart { Shell = shell }, ["enclave", .. flags, "--", "/bin/sh", _files.File("application")]);
    }
}
