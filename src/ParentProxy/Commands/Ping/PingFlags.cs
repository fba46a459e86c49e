using System.CommandLine;
using System.CommandLine.Parsing;

namespace ParentProxy.Commands.Ping;

/// <summary>The flags of <c>parent-proxy ping</c>, which are those of ping(8).</summary>
internal sealed class PingFlags
{
    private const double LongestSeconds = 3600;

    private readonly Argument<string?> _target = new("TARGET")
    {
        Description = "Whom to ask: vsock://CID:PORT, tcp://HOST:PORT, unix:PATH or hybrid:PATH:PORT; or an enclave by its Id or Name. "
            + "Else every enclave that is configured, or that discovery finds.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<int?> _count = new("-c", "--count")
    {
        Description = "Stop after so many rounds. Else at Ctrl+C.",
        HelpName = "COUNT",
    };

    private readonly Option<double?> _interval = new("-i", "--interval")
    {
        Description = "Seconds from the start of one round to the start of the next: 1 unless given.",
        HelpName = "SECONDS",
    };

    private readonly Option<double?> _timeout = new("-W", "--timeout")
    {
        Description = "Seconds that one may take: Health:Probe:Timeout unless given, with --connect Timeouts:Connect.",
        HelpName = "SECONDS",
    };

    private readonly Option<bool> _connect = new("--connect") { Description = "Only connect; send no request." };
    private readonly Option<bool> _json = new("--json") { Description = "Print JSON: a line for each answer, and one for the statistics." };

    /// <summary>Adds the flags to the command, and the checks of their values.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_target);
        foreach (var option in new Option[] { _count, _interval, _timeout, _connect, _json })
            command.Options.Add(option);
        command.Validators.Add(result =>
        {
            if (Given(result, _count) is < 1)
                result.AddError("-c is a number of rounds, 1 or more");
            if (Given(result, _interval) is { } interval and not (>= 0.01 and <= LongestSeconds))
                result.AddError($"-i {interval} is not from 0.01 to {LongestSeconds} seconds");
            if (Given(result, _timeout) is { } timeout and not (>= 0.001 and <= LongestSeconds))
                result.AddError($"-W {timeout} is not from 0.001 to {LongestSeconds} seconds");
        });
    }

    /// <summary>What was given.</summary>
    public PingArguments Read(ParseResult parsed) => new()
    {
        Target = parsed.GetValue(_target),
        Count = parsed.GetValue(_count),
        Interval = TimeSpan.FromSeconds(parsed.GetValue(_interval) ?? 1),
        Timeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        ConnectOnly = parsed.GetValue(_connect),
        Json = parsed.GetValue(_json),
    };

    /// <summary>A value that is one: what is none is told of by the parser.</summary>
    private static T? Given<T>(CommandResult result, Option<T?> option)
        where T : struct =>
        result.GetResult(option) is { Errors: var errors } given && !errors.Any() ? given.GetValueOrDefault<T?>() : null;
}
