using System.CommandLine;
using System.Text.Json;
using ParentProxy.Commands;
using ParentProxy.Commands.Attest;
using ParentProxy.Tests.Configuration;

namespace ParentProxy.Tests.Commands.Attest;

/// <summary>A call of the command within this process, and what came of it.</summary>
internal sealed record AttestRun(int Code, string Out, string Error)
{
    public JsonElement Json => JsonDocument.Parse(Out).RootElement;

    public static async Task<AttestRun> RunAsync(params string[] arguments)
    {
        var flags = new AttestFlags();
        var command = new Command("attest");
        flags.AddTo(command);
        var settings = arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal) && argument.Contains(':')
            && argument.Contains('=')).ToArray();
        var parsed = command.Parse([.. arguments.Except(settings)]);
        if (parsed.Errors.Count > 0)
            return new AttestRun(ExitCode.Usage, "", string.Join('\n', parsed.Errors.Select(error => error.Message)));
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var code = await new AttestCommand(output, errors, TimeProvider.System).RunAsync(
            TestConfiguration.Sources(settings), settings.Length > 0, flags.Read(parsed), CancellationToken.None);
        return new AttestRun(code, output.ToString(), errors.ToString());
    }
}
