using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>What neither the compiler nor the formatter looks at: how wide a line is, and whether a summary says anything.</summary>
public sealed partial class SourceTextTests
{
    private const int MaxColumns = 140;

    /// <summary>A summary of so many words repeats the name below it.</summary>
    private const int FewWords = 3;

    private const string Folder = "src";

    [Fact]
    public void Lines_FitTheWidth()
    {
        var wide = Files().SelectMany(file => file.Lines
            .Select((line, i) => (Number: i + 1, line.Length))
            .Where(line => line.Length > MaxColumns)
            .Select(line => $"{file.Path}:{line.Number}: {line.Length} columns, of at most {MaxColumns}"));

        AssertNone(wide);
    }

    [Fact]
    public void Summaries_SayMoreThanTheName()
    {
        var poor = Files().SelectMany(file => Summaries(file.Lines)
            .Where(summary => CountWords(summary.Text) <= FewWords)
            .Select(summary => $"{file.Path}:{summary.Line}: '{summary.Text}' says nothing; tell what the name does not, or drop it"));

        AssertNone(poor);
    }

    [Theory]
    [InlineData("The port.", 2)]
    [InlineData("""<see cref="OnEnded"/>, made once.""", 3)]
    [InlineData("""100 – <c>599</c> of <see cref="System.Collections.Generic.List{T}" />""", 4)]
    public void Words_AreThoseThatAReaderSees(string summary, int words) => Assert.Equal(words, CountWords(summary));

    [Fact]
    public void Summaries_AreThoseOfDocumentation_WithTheirLines()
    {
        string[] lines =
            ["var html = \"<summary>x</summary>\";", "    /// <summary>One.</summary>", "/// <summary>", "/// Two", "/// </summary>"];

        Assert.Equal([(2, "One."), (3, "Two")], Summaries(lines));
    }

    private static IEnumerable<(string Path, string[] Lines)> Files()
    {
        string[] built = ["bin", "obj"];
        var files = Directory.EnumerateFiles(Repository.FullPath(Folder), "*.cs", SearchOption.AllDirectories)
            .Select(file => Path.GetRelativePath(Repository.Root, file))
            .Where(path => !path.Split('/').Any(built.Contains))
            .Order(StringComparer.Ordinal)
            .ToList();
        Assert.NotEmpty(files);
        return files.Select(path => (path, File.ReadAllLines(Repository.FullPath(path))));
    }

    private static IEnumerable<(int Line, string Text)> Summaries(string[] lines)
    {
        // Lines of code become empty, so that a match's line is the file's.
        var documentation = string.Join('\n', lines.Select(line => line.TrimStart() is ['/', '/', '/', .. var text] ? text : ""));
        return Summary().Matches(documentation).Select(match => (
            documentation.AsSpan(0, match.Index).Count('\n') + 1,
            Spaces().Replace(match.Groups["text"].Value, " ").Trim()));
    }

    // A reference is one word, other marks are none.
    private static int CountWords(string summary) =>
        Mark().Replace(Reference().Replace(summary, " x "), " ")
            .Split(' ', StringSplitOptions.RemoveEmptyEntries)
            .Count(word => word.Any(char.IsLetterOrDigit));

    private static void AssertNone(IEnumerable<string> found) => Assert.True(!found.Any(), string.Join('\n', found));

    [GeneratedRegex("<summary>(?<text>.*?)</summary>", RegexOptions.Singleline)]
    private static partial Regex Summary();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Spaces();

    [GeneratedRegex("<[^>]*\"[^>]*/>")]
    private static partial Regex Reference();

    [GeneratedRegex("<[^>]*>")]
    private static partial Regex Mark();
}
