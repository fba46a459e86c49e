using ParentProxy.Runtime;

namespace ParentProxy.Tests.Hosting;

/// <summary>
/// The program that tests start: the build's, or the executable that <c>PARENT_PROXY</c> names, so that the same tests tell
/// whether a published file does what the build does.
/// </summary>
internal static class ProgramFiles
{
    private const string Assembly = "parent-proxy.dll";

    // Of the program, and not of the tests beside which it stands.
    private static readonly string[] Parts =
    [
        "parent-proxy.*", "ParentProxy.Attestation.dll", "ParentProxy.Simulator.dll", "ParentProxy.Vsock.dll",
        "OpenTelemetry*.dll", "Serilog*.dll", "System.Security.Cryptography.Cose.dll",
        "System.CommandLine.dll", "Yarp.*.dll",
        "Microsoft.Extensions.*.dll", "System.IO.Hashing.dll",
    ];

    /// <summary>The executable that is tested instead of the build; null for the build.</summary>
    public static string? Executable { get; } =
        Environment.GetEnvironmentVariable("PARENT_PROXY") is { Length: > 0 } path ? Path.GetFullPath(path) : null;

    /// <summary>The folder of the build, with everything that it needs.</summary>
    public static string BuildFolder { get; } = Path.GetDirectoryName(typeof(ProgramVersion).Assembly.Location)!;

    /// <summary>What starts the program, or its copy in a folder.</summary>
    public static string[] Command(string? folder = null) => Executable is { } path
        ? [folder is null ? path : Path.Combine(folder, Path.GetFileName(path))]
        : ["dotnet", Path.Combine(folder ?? BuildFolder, Assembly)];

    /// <summary>Each file of the program, without a configuration file.</summary>
    public static IEnumerable<string> All() => Executable switch
    {
        null => Parts.SelectMany(part => Directory.EnumerateFiles(BuildFolder, part)),
        var path when File.Exists(path + ".dll") =>
            Directory.EnumerateFiles(Path.GetDirectoryName(path)!).Where(file => Path.GetFileName(file) != "appsettings.json"),
        var path => [path],
    };
}
