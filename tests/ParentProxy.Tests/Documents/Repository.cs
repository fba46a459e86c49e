namespace ParentProxy.Tests.Documents;

/// <summary>The files of this repository, as the tests were built from it.</summary>
internal static class Repository
{
    private static readonly string[] Folders = ["docs", "tests", "deploy", "src"];

    /// <summary>Its top folder.</summary>
    public static string Root { get; } = FindRoot();

    /// <summary>Every document that people read.</summary>
    public static IReadOnlyList<Document> Documents { get; } =
    [
        .. new[] { "README.md", "CONTRIBUTING.md", "findings/README.md" }
            .Concat(Folders.SelectMany(MarkdownIn))
            .Select(path => new Document(path, File.ReadAllText(FullPath(path)))),
    ];

    /// <summary>One of the documents.</summary>
    public static Document Document(string path) => Documents.Single(document => document.Path == path);

    /// <summary>A path within the repository as one of the file system.</summary>
    public static string FullPath(string path) => Path.Combine(Root, path);

    /// <summary>Whether there is such a file or folder.</summary>
    public static bool Has(string path) => Path.Exists(FullPath(path));

    private static IEnumerable<string> MarkdownIn(string folder)
    {
        // What a suite installed or built is not ours to read.
        string[] foreign = ["node_modules", "bin", "obj"];
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.Hidden };
        return Directory.EnumerateFiles(FullPath(folder), "*.md", options)
            .Select(file => Path.GetRelativePath(Root, file))
            .Where(path => !path.Split('/').Any(foreign.Contains))
            .Where(path => folder == "docs" || Path.GetFileName(path) == "README.md")
            .Order(StringComparer.Ordinal);
    }

    private static string FindRoot()
    {
        const string solution = "ParentProxy.sln";
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, solution)))
                return folder.FullName;
        }

        throw new InvalidOperationException($"No {solution} above {AppContext.BaseDirectory}; the documents are beside it.");
    }
}
