using System.Text;
using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>Whoever follows a link or a path of a document arrives.</summary>
public sealed partial class LinkTests
{
    public static TheoryData<string> Documents => [.. Repository.Documents.Select(document => document.Path)];

    [Theory]
    [MemberData(nameof(Documents))]
    public void Links_LeadToAFileAndAHeading(string path)
    {
        var document = Repository.Document(path);
        var broken = document.Links.Where(link => !IsOutside(link.Target) && !Leads(document, link.Target));

        Assert.Equal([], broken.Select(link => $"{path}:{link.Line}: {link.Target}"));
    }

    [Theory]
    [MemberData(nameof(Documents))]
    public void PathsOfThisRepository_Exist(string path)
    {
        var document = Repository.Document(path);
        var blocks = document.Blocks.Where(block => block.Language is "sh" or "console" or "text").Select(block => block.Text);
        var named = document.Code.Concat(blocks).SelectMany(text => PathOfOurs().Matches(text)).Select(match => match.Value);

        // What a build makes is not there before it, nor is it after a build of the other configuration.
        Assert.Equal([], named.Where(name => !name.Contains("/bin/", StringComparison.Ordinal) && !Repository.Has(name)).Distinct());
    }

    /// <summary>A reader sees the whole of a long document from its beginning.</summary>
    [Theory]
    [MemberData(nameof(Documents))]
    public void LongDocuments_BeginWithTheirContents(string path)
    {
        const int isLong = 100;
        if (!path.StartsWith("docs/", StringComparison.Ordinal) && path != "CONTRIBUTING.md")
            return;
        var document = Repository.Document(path);
        if (document.Text.Split('\n').Length < isLong)
            return;
        var sections = document.Headings.Where(heading => heading.Level == 2).Select(heading => $"[{heading.Text}](#{heading.Anchor})");

        Assert.Equal([], sections.Where(link => !document.Beginning.Contains(link, StringComparison.Ordinal)));
    }

    [Fact]
    public void Readme_IsShort_AndNamesEveryDocument()
    {
        var readme = Repository.Document("README.md");
        var targets = readme.Links.Select(link => link.Target).ToHashSet();

        Assert.InRange(Encoding.UTF8.GetByteCount(readme.Text), 1, 8192);
        Assert.Equal([], Repository.Documents.Select(document => document.Path)
            .Where(path => path is "CONTRIBUTING.md" or "findings/README.md" || path.StartsWith("docs/", StringComparison.Ordinal))
            .Where(path => !targets.Contains(path)));
    }

    [Fact]
    public void Document_AnchorsAndBlocks_AreGitHubs()
    {
        var document = new Document("x.md", """
            # A `b_c`, D-e!

            ## I want to…

            ```sh
            # no heading
            [no](link)
            ```

            ## I want to…

            [yes](#a) `[no](#b)`
            """);

        Assert.Equal(["a-b_c-d-e", "i-want-to", "i-want-to-1"], document.Headings.Select(heading => heading.Anchor));
        Assert.Equal([new Link(12, "#a")], document.Links);
        Assert.Equal([new CodeBlock("x.md", 5, "sh", "# no heading\n[no](link)")], document.Blocks);
    }

    private static bool IsOutside(string target) => target.Contains("://", StringComparison.Ordinal);

    private static bool Leads(Document from, string target)
    {
        var (file, anchor) = target.Split('#', 2) is [var before, var behind] ? (before, behind) : (target, null);
        var folder = Repository.FullPath(Path.GetDirectoryName(from.Path)!);
        var path = file.Length == 0 ? from.Path : Path.GetRelativePath(Repository.Root, Path.GetFullPath(Path.Combine(folder, file)));
        if (!Repository.Has(path))
            return false;
        return anchor is null || Repository.Documents.FirstOrDefault(document => document.Path == path) is { } document
            && document.Headings.Any(heading => heading.Anchor == anchor);
    }

    // Not a folder of the same name elsewhere; of a path with arguments behind it, the path.
    [GeneratedRegex(@"(?<![\w/.-])(?:\.ci|src|tests|deploy|systemd|findings|docs)/[\w./-]*\w(?![\w/]*\*)")]
    private static partial Regex PathOfOurs();
}
