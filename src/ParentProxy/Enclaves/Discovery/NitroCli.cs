using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ParentProxy.Vsock;

namespace ParentProxy.Enclaves.Discovery;

/// <summary>
/// Runs <c>nitro-cli describe-enclaves</c>: no shell, nothing on its input, its output and its time bounded. One call at a
/// time is the caller's business.
/// </summary>
internal sealed class NitroCli(TimeProvider time)
{
    /// <summary>Four enclaves take 8 KiB.</summary>
    private const int MaxOutputBytes = 1024 * 1024;

    /// <summary>What of its messages is kept; what comes after is read and dropped.</summary>
    private const int MaxErrorBytes = 16 * 1024;

    private const int MaxMessageLength = 300;

    /// <summary>How long the end of a killed program is waited for when we end ourselves.</summary>
    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    /// <summary>Runs the program once and reads what it printed.</summary>
    /// <param name="program">The program's file.</param>
    /// <param name="timeout">How long the call may take.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="OperationCanceledException">It was killed by the token. Nothing else is thrown.</exception>
    public async Task<DescribeResult> DescribeAsync(string program, TimeSpan timeout, CancellationToken cancellationToken)
    {
        try
        {
            // To fork takes a while, and blocks.
            using var process = await Task.Run(() => Process.Start(Call(program))!, cancellationToken);
            return await RunAsync(process, program, timeout, cancellationToken);
        }
        catch (Win32Exception ex)
        {
            return DescribeResult.Failed(NotStarted(program, ex));
        }
        catch (Exception ex) when (ex is IOException or InvalidOperationException)
        {
            return DescribeResult.Failed(
                new DescribeFailure("io", $"{program} could not be run: {ex.Message.TrimEnd('.')}", "See the log of this machine"));
        }
        finally
        {
            // The pipes may have been read on a thread of the runtime's socket engine, which others wait for.
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        }
    }

    private static ProcessStartInfo Call(string program)
    {
        var call = new ProcessStartInfo(program, ["describe-enclaves"])
        {
            WorkingDirectory = "/",
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };

        // Settings of ours may be secrets (the password of a certificate), and systemd's are for us alone.
        foreach (var name in call.Environment.Keys.Where(IsOurs).ToList())
            call.Environment.Remove(name);

        // Else each call adds lines to its log, which nobody rotates: what matters stands on its standard error.
        call.Environment.TryAdd("RUST_LOG", "off");
        return call;
    }

    private static bool IsOurs(string variable) =>
        variable.Contains("__", StringComparison.Ordinal) || variable is "NOTIFY_SOCKET" or "WATCHDOG_USEC" or "WATCHDOG_PID";

    private async Task<DescribeResult> RunAsync(Process process, string program, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var messages = Task.FromResult(ReadOnlyMemory<byte>.Empty);
        try
        {
            process.StandardInput.Close();
            messages = ReadAsync(process.StandardError.BaseStream, MaxErrorBytes, dropRest: true, either.Token);
            var output = await ReadAsync(process.StandardOutput.BaseStream, MaxOutputBytes, dropRest: false, either.Token);
            if (output.Length > MaxOutputBytes)
                return DescribeResult.Failed(new DescribeFailure(
                    "output", $"{program} printed more than {MaxOutputBytes / 1024} KiB", "Is Discovery:NitroCli the real nitro-cli?"));
            var said = FirstMessage((await messages).Span);
            await process.WaitForExitAsync(either.Token);
            var read = DescribeOutput.Read(output);
            return process.ExitCode == 0 ? read : read with { Failure = Exited(program, process.ExitCode, said) };
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return DescribeResult.Failed(new DescribeFailure(
                "timeout",
                string.Create(CultureInfo.InvariantCulture, $"{program} took more than {timeout.TotalSeconds:0.###} s and was killed"),
                "Raise Discovery:Timeout: an enclave process that is just answering nitro-cli may end when the call is "
                    + "killed, and its enclave with it"));
        }
        finally
        {
            await either.CancelAsync();
            await EndAsync(process, cancellationToken);
            await messages.ContinueWith(
                static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Makes sure that it has ended, with all that it started.</summary>
    private async Task EndAsync(Process process, CancellationToken cancellationToken)
    {
        if (process.HasExited)
            return;
        await Task.Run(() => Kill(process), CancellationToken.None);
        using var patience = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
        using var ending = cancellationToken.Register(static state => ((CancellationTokenSource)state!).CancelAfter(LastWait), patience);
        try
        {
            // A process that hangs in the kernel cannot be killed; a second one beside it would hang as well.
            await process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            // The end of the program.
        }
    }

    private static void Kill(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (Exception ex) when (ex is InvalidOperationException or Win32Exception or AggregateException)
        {
            // It has just ended by itself.
        }
    }

    /// <summary>Reads to the end, or one byte more than allowed.</summary>
    private static async Task<ReadOnlyMemory<byte>> ReadAsync(Stream stream, int max, bool dropRest, CancellationToken cancellationToken)
    {
        var buffer = new byte[8 * 1024];
        using var kept = new MemoryStream();
        int count;
        while ((count = await stream.ReadAsync(buffer, cancellationToken)) > 0)
        {
            kept.Write(buffer, 0, (int)Math.Min(count, max + 1 - kept.Length));
            if (kept.Length > max && !dropRest)
                break;
        }

        return kept.ToArray();
    }

    private static DescribeFailure NotStarted(string program, Win32Exception exception)
    {
        // The runtime looks by itself for a directory, and has no number for it.
        var errno = Directory.Exists(program) ? "EISDIR" : new Errno(exception.NativeErrorCode).Name;
        return errno switch
        {
            "ENOENT" => new DescribeFailure(
                "ENOENT",
                $"{program} does not exist",
                "Install aws-nitro-enclaves-cli, or correct Discovery:NitroCli; it is tried again"),
            "EACCES" => new DescribeFailure(
                "EACCES",
                $"{program} may not be executed by this user",
                "Look at the rights of the file and its folders, and at SELinux ('ausearch -m avc')"),
            "EISDIR" => new DescribeFailure("EISDIR", $"{program} is a directory", "Correct Discovery:NitroCli"),
            var name => new DescribeFailure(name, $"{program} could not be started: {exception.Message}", "It is tried again"),
        };
    }

    private static DescribeFailure Exited(string program, int status, string said) => new(
        "exit",
        $"{program} ended with status {status}{(said.Length > 0 ? $": {said}" : "")}",
        "Run 'sudo -u parent-proxy nitro-cli describe-enclaves'; docs/discovery.md, Rights, says which rights it needs");

    /// <summary>nitro-cli's own error (<c>[ E39 ] …</c>) where there is one, else the first line.</summary>
    private static string FirstMessage(ReadOnlySpan<byte> messages)
    {
        var lines = Encoding.UTF8.GetString(messages).Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.FirstOrDefault(text => text.Contains("[ E", StringComparison.Ordinal)) ?? lines.FirstOrDefault() ?? "";
        return string.Concat(line.Take(MaxMessageLength).Select(c => char.IsControl(c) ? '\uFFFD' : c)).TrimEnd('.');
    }
}
