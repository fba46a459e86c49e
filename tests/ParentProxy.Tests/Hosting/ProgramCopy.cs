using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The program in a folder of its own, without a configuration file beside it.</summary>
internal sealed class ProgramCopy : IDisposable
{
    private static readonly string[] Parts = ["parent-proxy.*", "ParentProxy.Simulator.dll", "ParentProxy.Vsock.dll", "OpenTelemetry*.dll", "Serilog*.dll", "System.CommandLine.dll", "Yarp.*.dll", "Microsoft.Extensions.DependencyModel.dll"];
    private readonly TemporaryDirectory _directory = new();

    public string Folder => _directory.Root;

    public static ProgramCopy Create()
    {
        var copy = new ProgramCopy();
        foreach (var file in Parts.SelectMany(part => Directory.EnumerateFiles(ProxyProcess.ProgramFolder, part)))
            File.Copy(file, Path.Combine(copy.Folder, Path.GetFileName(file)));
        return copy;
    }

    public void Dispose() => _directory.Dispose();
}
