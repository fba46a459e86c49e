using System.Text;

namespace ParentProxy.Tests.Documents;

/// <summary>A command of a shell block: the variables before it, and its words.</summary>
/// <param name="Variables">The assignments before the first word.</param>
/// <param name="Words">The words, without quotes.</param>
internal sealed record ShellCommand(IReadOnlyList<string> Variables, IReadOnlyList<string> Words)
{
    /// <summary>The arguments of parent-proxy, however it is started; null when it is another program.</summary>
    public IReadOnlyList<string>? ProxyArguments => Words switch
    {
        ["parent-proxy", ..] => [.. Words.Skip(1)],
        ["dotnet", "run", "--project", "src/ParentProxy", ..] => [.. Words.SkipWhile(word => word != "--").Skip(1)],
        _ => null,
    };

    /// <summary>Reads the commands of a line: without its comment, each part of a pipe or list by itself.</summary>
    public static IEnumerable<ShellCommand> In(string line)
    {
        foreach (var words in Split(line))
        {
            var variables = words.TakeWhile(IsAssignment).ToList();
            yield return new ShellCommand(variables, words[variables.Count..]);
        }
    }

    private static bool IsAssignment(string word)
    {
        var equals = word.IndexOf('=', StringComparison.Ordinal);
        return equals > 0 && word[..equals].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
    }

    private static List<List<string>> Split(string line)
    {
        const char none = '\0';
        var commands = new List<List<string>> { new() };
        var word = new StringBuilder();
        var isWord = false;
        var quote = none;
        foreach (var c in line)
        {
            if (quote == none && c == '#' && !isWord)
                break;
            if (c == quote)
                quote = none;
            else if (quote != none || !(char.IsWhiteSpace(c) || c is '\'' or '"' or '|' or '&' or ';'))
                word.Append(c);
            else if (c is '\'' or '"')
                quote = c;
            else
                EndWord(startsCommand: !char.IsWhiteSpace(c));
            isWord = word.Length > 0 || quote != none;
        }

        EndWord(startsCommand: false);
        return [.. commands.Where(words => words.Count > 0)];

        void EndWord(bool startsCommand)
        {
            if (word.Length > 0)
                commands[^1].Add(word.ToString());
            word.Clear();
            if (startsCommand)
                commands.Add([]);
        }
    }
}
