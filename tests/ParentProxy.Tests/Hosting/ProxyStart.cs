namespace ParentProxy.Tests.Hosting;

/// <summary>How the program is started.</summary>
internal sealed record ProxyStart
{
    /// <summary>What the file of <c>--config</c> holds; null for no <c>--config</c>.</summary>
    public string? Configuration { get; init; }

    /// <summary>Where that file is; null for one of its own.</summary>
    public string? ConfigFile { get; init; }

    /// <summary>Variables beside those of every process.</summary>
    public IReadOnlyDictionary<string, string> Environment { get; init; } = new Dictionary<string, string>();

    /// <summary>The working directory; null for an empty one.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The folder of another copy of the program.</summary>
    public string? ProgramFolder { get; init; }

    /// <summary>What a shell does before it becomes the program.</summary>
    public string? Shell { get; init; }
}
