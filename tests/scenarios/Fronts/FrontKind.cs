namespace ParentProxy.Scenarios.Fronts;

/// <summary>A front by its name.</summary>
/// <param name="Name">The name.</param>
/// <param name="Program">The file that it needs.</param>
/// <param name="StartAsync">Starts one in front of these enclaves.</param>
internal sealed record FrontKind(string Name, string Program, Func<IReadOnlyList<Backend>, CancellationToken, Task<IFront>> StartAsync)
{
    /// <summary>The lines of the peers' configurations that are for the scenarios.</summary>
    public const string Use = "scenarios";

    /// <summary>Ours.</summary>
    public static FrontKind Ours { get; } = new("ours", FrontProcess.Starter, OurFront.StartAsync);

    /// <summary>All, ours first.</summary>
    public static IReadOnlyList<FrontKind> All { get; } =
    [
        Ours,
        new("nginx", NginxFront.Program, NginxFront.StartAsync),
        new("haproxy", HAProxyFront.Program, HAProxyFront.StartAsync),
    ];

    /// <summary>Whether it can be started on this machine.</summary>
    public bool IsInstalled => File.Exists(Program);
}
