namespace ParentProxy.Configuration;

/// <summary>An entry of <c>Egress:Files</c>: a file that is handed to whoever connects and may have it.</summary>
internal sealed record EgressFileOptions : EgressListenerOptions
{
    /// <summary>The file, by its absolute path; read anew for each connection.</summary>
    public required string Path { get; init; }

    /// <summary>The CIDs that may have it; null: all.</summary>
    public IReadOnlyList<uint>? Cids { get; init; }

    /// <summary>Patterns of the Ids or Names of enclaves that may have it; null: all.</summary>
    public IReadOnlyList<string>? Enclaves { get; init; }
}
