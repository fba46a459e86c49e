using System.ComponentModel;
using System.Diagnostics;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>What a program told.</summary>
/// <param name="ExitCode">How it ended.</param>
/// <param name="Text">What it printed.</param>
internal sealed record ProgramOutput(int ExitCode, string Text)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Runs a program without a shell and without input; null where it cannot be run, or does not end.</summary>
    public static async Task<ProgramOutput?> OfAsync(string program, string[] arguments, CancellationToken cancellationToken)
    {
        try
        {
            using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            deadline.CancelAfter(Patience);
            using var process = Process.Start(new ProcessStartInfo(program, arguments)
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            })!;
            try
            {
                process.StandardInput.Close();
                var errors = process.StandardError.ReadToEndAsync(deadline.Token);
                var text = await process.StandardOutput.ReadToEndAsync(deadline.Token);
                await errors;
                await process.WaitForExitAsync(deadline.Token);
                return new ProgramOutput(process.ExitCode, text);
            }
            catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                process.Kill();
                return null;
            }
        }
        catch (Exception ex) when (ex is Win32Exception or IOException or InvalidOperationException)
        {
            return null;
        }
    }
}
