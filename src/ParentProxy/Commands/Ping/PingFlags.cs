using System.CommandLine;
using System.Globalization;

namespace ParentProxy.Commands.Ping;

/// <summary>The flags of <c>parent-proxy ping</c>, which are those of ping(8).</summary>
internal sealed class PingFlags
{
    private const double LongestSeconds = 3600;

    private readonly Argument<string?> _target = new("TARGET")
    {
        Description = "What to ask: vsock://CID:PORT, tcp://HOST:PORT, unix:PATH or hybrid:PATH:PORT; or an enclave by its Id or Name. "
            + "Otherwise every enclave that is configured or found by discovery.",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<int?> _count = new("-c", "--count")
    {
        Description = "Stop after this many rounds. Otherwise at Ctrl+C.",
        HelpName = "COUNT",
        CustomParser = result =>
        {
            if (int.TryParse(result.Tokens[0].Value, NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0)
                return count;
            result.AddError($"-c: '{result.Tokens[0].Value}' is not a number of rounds, 1 or more");
            return null;
        },
    };

    private readonly Option<double?> _interval = Seconds(
        "-i", "--interval", 0.01, "Seconds from the start of one round to the start of the next; 1 by default.");

    private readonly Option<double?> _timeout = Seconds(
        "-W", "--timeout", 0.001, "Seconds that one may take; by default Health:Probe:Timeout, or Timeouts:Connect with --connect.");

    private readonly Option<bool> _connect = new("--connect") { Description = "Only connect; send no request." };
    private readonly Option<bool> _json = new("--json")
    {
        Description = "Print JSON: one line for each answer, and one for the statistics.",
    };

    /// <summary>Adds the flags to the command, which are checked each by itself.</summary>
    public void AddTo(Command command)
    {
        command.Arguments.Add(_target);
        foreach (var option in new Option[] { _count, _interval, _timeout, _connect, _json })
            command.Options.Add(option);
    }

    /// <summary>What was given, or its default.</summary>
    public PingArguments Read(ParseResult parsed) => new()
    {
        Target = parsed.GetValue(_target),
        Count = parsed.GetValue(_count),
        Interval = TimeSpan.FromSeconds(parsed.GetValue(_interval) ?? 1),
        Timeout = parsed.GetValue(_timeout) is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
        ConnectOnly = parsed.GetValue(_connect),
        Json = parsed.GetValue(_json),
    };

    private static Option<double?> Seconds(string name, string alias, double least, string description) => new(name, alias)
    {
        Description = description,
        HelpName = "SECONDS",
        CustomParser = result =>
        {
            var text = result.Tokens[0].Value;
            if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var seconds)
                && seconds >= least
                && seconds <= LongestSeconds)
                return seconds;
            result.AddError(string.Create(
                CultureInfo.InvariantCulture, $"{name}: '{text}' is not a number of seconds from {least} to {LongestSeconds}"));
            return null;
        },
    };
}
