namespace ParentProxy.Tests.Documents;

/// <summary>A fenced block of a document.</summary>
/// <param name="Document">The document's path.</param>
/// <param name="Line">The line of its fence, from 1.</param>
/// <param name="Language">The word behind the fence.</param>
/// <param name="Text">Its lines.</param>
internal sealed record CodeBlock(string Document, int Line, string Language, string Text)
{
    private static readonly string[] Prompts = ["$ ", "# "];

    /// <summary>What is typed, each with what comes back: in a console a line behind a prompt, else every line.</summary>
    public IEnumerable<(string Typed, IReadOnlyList<string> Output)> Dialogue()
    {
        var lines = Text.Split('\n');
        if (Language != "console")
            return lines.Select(line => (line, (IReadOnlyList<string>)[]));
        return lines.Index().Where(line => IsTyped(line.Item)).Select(line =>
            (line.Item[2..], (IReadOnlyList<string>)[.. lines.Skip(line.Index + 1).TakeWhile(next => !IsTyped(next))]));
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Document}:{Line}";

    private static bool IsTyped(string line) => Prompts.Any(prompt => line.StartsWith(prompt, StringComparison.Ordinal));
}
