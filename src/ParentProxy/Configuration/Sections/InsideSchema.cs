using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Configuration.Sections;

/// <summary>The sections of the program inside an enclave, each once.</summary>
internal static class InsideSchema
{
    /// <summary>The one section that is this program's own.</summary>
    public const string Enclave = "Enclave";

    private static readonly string[] Lists = [nameof(InsideOptions.Ingress), nameof(InsideOptions.Forwards)];

    private static readonly SortedSet<string> AllKeys = AskForKeys();

    /// <summary>The names of the sections, for a source that has to tell what is ours.</summary>
    public static IReadOnlySet<string> SectionNames { get; } =
        new HashSet<string>(AllKeys.Where(key => !key.Contains(':', StringComparison.Ordinal)), StringComparer.OrdinalIgnoreCase);

    /// <summary>
    /// The one that variables may set: the environment is the application's, too, to which <c>Serilog__…</c> or <c>LOG__LEVEL</c>
    /// may belong.
    /// </summary>
    public static IReadOnlySet<string> OwnSection { get; } = new HashSet<string>(StringComparer.OrdinalIgnoreCase) { Enclave };

    /// <summary>Every key that there is.</summary>
    public static KnownKeys Keys { get; } = new(AllKeys);

    /// <summary>Reads the merged tree. The result holds only when nothing was reported.</summary>
    public static InsideConfiguration Read(ConfigurationNode tree, ConfigurationReport report) =>
        SectionReader.ReadRoot(tree, report, Read);

    private static InsideConfiguration Read(SectionReader root)
    {
        foreach (var name in ConfigurationSchema.SectionNames.Except([Names.Serilog, nameof(ProxyOptions.Log), nameof(ProxyOptions.Vsock)]))
            root.Refuse(name, $"is for the parent; inside an enclave there are {Enclave}, Log, Serilog and Vsock");
        var log = root.Section(nameof(ProxyOptions.Log), LogOptions.Read);
        return new InsideConfiguration
        {
            Enclave = root.Section(Enclave, new InsideSection().Read),
            Vsock = root.Section(nameof(ProxyOptions.Vsock), VsockOptions.Read),
            Log = root.Section(Names.Serilog, serilog => SerilogSection.Read(serilog, log)),
            Sections = FlatSections.Create(root.Ask(Names.Serilog)),
        };
    }

    private static SortedSet<string> AskForKeys()
    {
        // One entry each, whose keys nobody asks for else.
        var report = new ConfigurationReport();
        var entries = Lists.Select(list => new SourceEntry([Enclave, list, "0", "Listen"], "127.0.0.1:1", ConfigurationOrigin.CommandLine));
        Read(EntryTree.Build([.. entries], report), report);
        return report.Keys;
    }
}
