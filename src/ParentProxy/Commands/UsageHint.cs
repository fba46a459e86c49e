using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sections;

namespace ParentProxy.Commands;

/// <summary>Says of arguments that nobody takes what they were meant to be.</summary>
internal static class UsageHint
{
    /// <summary>A key that more sections have says nothing about which of them was meant.</summary>
    private const int MaxSettings = 2;

    /// <summary>Says of a file that was made for enclaves what it is.</summary>
    public const string ForEnclaves =
        "this file is for the images of enclaves and has the command enclave alone (parent-proxy enclave --help); "
        + "the parent's file has the others";

    private static readonly string[] Options = ["--config", "--environment-file", "--help", "--version"];
    private static readonly string[] Commands = ["run", "check", "doctor", "enclaves", "ping", "attest", "demo", "enclave"];

    /// <summary>A line for each of the arguments; of a setting that was written as two, one.</summary>
    public static IEnumerable<string> For(IReadOnlyList<string> arguments)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            var argument = arguments[i];
            var value = i + 1 < arguments.Count && !arguments[i + 1].StartsWith('-') ? arguments[i + 1] : null;
            if (Edition.IsForEnclaves && Commands.Contains(argument))
            {
                yield return $"{Quoted.Text(argument)} is not here: {ForEnclaves}";
                continue;
            }

            var hint = Of(argument, value, out var takesValue);
            yield return $"{Quoted.Text(argument)} is neither a command nor an option{(hint is null ? "" : $"; {hint}")}";
            if (takesValue && value is not null)
                i++;
        }
    }

    /// <summary>A line for an argument that stands where an option of <c>enclave</c> may.</summary>
    public static string BeforeCommand(string argument, string[] options)
    {
        const string order = "the application comes after --, as in 'parent-proxy enclave --ingress 6300 -- /app/server'";
        if (!argument.StartsWith('-'))
            return $"{Quoted.Text(argument)} is no option: {order}";
        var guess = Spelling.Guess(argument.TrimStart('-').Split('=')[0], options);
        return $"{Quoted.Text(argument)} is no option of enclave{(guess is null ? "" : $"; did you mean {guess}?")} ({order})";
    }

    private static string? Of(string argument, string? value, out bool takesValue)
    {
        takesValue = false;
        var name = argument.TrimStart('-', '/');
        var equals = name.IndexOf('=', StringComparison.Ordinal);
        var given = equals < 0 ? value : name[(equals + 1)..];
        name = equals < 0 ? name : name[..equals];
        if (SettingsOf(name) is { Count: > 0 and <= MaxSettings } settings)
        {
            takesValue = equals < 0;
            return $"a setting is one argument: {string.Join(" or ", settings.Select(setting => $"--{setting}={given ?? "VALUE"}"))}";
        }

        if (argument.StartsWith('-') && Spelling.Guess(name, Options) is { } option)
        {
            var isFile = option is "--config" or "--environment-file";
            takesValue = equals < 0 && isFile;
            return $"did you mean {option}{(isFile ? $" {given ?? "FILE"}" : "")}?";
        }

        if (argument.StartsWith('-'))
            return null;
        if (Spelling.Guess(name, [.. Commands, .. Options]) is { } command)
            return $"did you mean {command}?";
        return argument.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? $"did you mean --config {argument}?" : null;
    }

    // Section:Key, or what else stands between the two elsewhere, or the key alone.
    private static IReadOnlyList<string> SettingsOf(string name)
    {
        foreach (var divider in (string[])[":", "__", "."])
        {
            if (name.Split(divider) is { Length: > 1 } path && ConfigurationSchema.SectionNames.Contains(path[0]))
                return [string.Join(':', path)];
        }

        return ConfigurationSchema.Keys.Ending(name);
    }
}
