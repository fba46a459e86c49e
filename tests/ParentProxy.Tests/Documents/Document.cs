using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>A Markdown file as GitHub shows it: its headings, links, tables, and code.</summary>
internal sealed partial class Document
{
    private const string Fence = "```";

    private readonly List<CodeBlock> _blocks = [];
    private readonly List<Heading> _headings = [];

    // The lines outside fenced blocks; others are empty, so that numbers stay.
    private readonly string[] _prose;

    /// <summary>Reads a document.</summary>
    /// <param name="path">Its path within the repository.</param>
    /// <param name="text">What it holds.</param>
    public Document(string path, string text)
    {
        Path = path;
        Text = text;
        _prose = text.Split('\n');
        ReadBlocks();
        ReadHeadings();
    }

    /// <summary>Its path within the repository.</summary>
    public string Path { get; }

    /// <summary>All of it.</summary>
    public string Text { get; }

    /// <summary>The fenced blocks.</summary>
    public IReadOnlyList<CodeBlock> Blocks => _blocks;

    /// <summary>The headings.</summary>
    public IReadOnlyList<Heading> Headings => _headings;

    /// <summary>The links in its prose.</summary>
    public IEnumerable<Link> Links =>
        from line in _prose.Index()
        from Match match in LinkTarget().Matches(InlineCode().Replace(line.Item, ""))
        select new Link(line.Index + 1, match.Groups[1].Value);

    /// <summary>What its prose has as code.</summary>
    public IEnumerable<string> Code => CodeIn(_prose);

    /// <summary>The lines of its prose before the first heading of the second level.</summary>
    public string Beginning => string.Join('\n', _prose.TakeWhile(line => !line.StartsWith("## ", StringComparison.Ordinal)));

    /// <summary>What the prose below a heading has as code, to the next heading of any level.</summary>
    public IEnumerable<string> CodeBelow(string heading) => CodeIn(LinesBelow(heading));

    /// <summary>The rows of the tables below a heading, to the next heading of any level.</summary>
    public IEnumerable<TableRow> RowsBelow(string heading)
    {
        string? header = null;
        var isBody = false;
        foreach (var line in LinesBelow(heading))
        {
            if (!line.StartsWith('|'))
                (header, isBody) = (null, false);
            else if (header is null)
                header = Cells(line)[0];
            else if (!isBody)
                isBody = true;
            else
                yield return new TableRow(header, Cells(line));
        }
    }

    private static IEnumerable<string> CodeIn(IEnumerable<string> lines) =>
        InlineCode().Matches(string.Join('\n', lines)).Select(match => match.Value.Trim('`').Replace('\n', ' '));

    private static string[] Cells(string line) => [.. CellEnd().Split(line.Trim().Trim('|')).Select(cell => cell.Trim())];

    // GitHub's rule: letters, digits, hyphens and underscores, in lower case; a hyphen for each space.
    private static string Anchor(string heading)
    {
        var anchor = new StringBuilder();
        foreach (var c in heading.ToLowerInvariant())
        {
            if (char.IsLetterOrDigit(c) || c is '-' or '_')
                anchor.Append(c);
            else if (c == ' ')
                anchor.Append('-');
        }

        return anchor.ToString();
    }

    private string[] LinesBelow(string heading)
    {
        var found = _headings.Single(h => h.Text == heading);
        var next = _headings.FirstOrDefault(h => h.Line > found.Line)?.Line ?? _prose.Length + 1;
        return _prose[found.Line..(next - 1)];
    }

    private void ReadBlocks()
    {
        for (var i = 0; i < _prose.Length; i++)
        {
            if (!_prose[i].TrimStart().StartsWith(Fence, StringComparison.Ordinal))
                continue;
            var start = i;
            var indent = _prose[i].Length - _prose[i].TrimStart().Length;
            var language = _prose[i].Trim()[Fence.Length..];
            var lines = new List<string>();
            for (_prose[i++] = ""; i < _prose.Length && _prose[i].Trim() != Fence; _prose[i++] = "")
                lines.Add(_prose[i].Length > indent ? _prose[i][indent..] : "");
            Assert.True(i < _prose.Length, $"{Path}:{start + 1} has no end.");
            _prose[i] = "";
            _blocks.Add(new CodeBlock(Path, start + 1, language, string.Join('\n', lines)));
        }
    }

    private void ReadHeadings()
    {
        foreach (var (i, line) in _prose.Index())
        {
            if (HeadingLine().Match(line) is not { Success: true } match)
                continue;
            var text = match.Groups[2].Value;
            var anchor = Anchor(LinkText().Replace(text, "$1"));
            var same = _headings.Count(heading => heading.Anchor == anchor);
            var suffix = same == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"-{same}");
            _headings.Add(new Heading(match.Groups[1].Length, text, anchor + suffix, i + 1));
        }
    }

    [GeneratedRegex("^(#{1,6}) (.*)$")]
    private static partial Regex HeadingLine();

    [GeneratedRegex(@"\[[^\]]*\]\(([^)\s]+)\)")]
    private static partial Regex LinkTarget();

    [GeneratedRegex(@"\[([^\]]*)\]\([^)]*\)")]
    private static partial Regex LinkText();

    [GeneratedRegex("``[^`]+``|`[^`]+`")]
    private static partial Regex InlineCode();

    [GeneratedRegex(@"(?<!\\)\|")]
    private static partial Regex CellEnd();
}
