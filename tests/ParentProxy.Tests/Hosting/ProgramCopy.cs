using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Hosting;

/// <summary>The program in a folder of its own, without a configuration file beside it.</summary>
internal sealed class ProgramCopy : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public string Folder => _directory.Root;

    public static ProgramCopy Create()
    {
        var copy = new ProgramCopy();
        foreach (var file in ProgramFiles.All())
            File.Copy(file, Path.Combine(copy.Folder, Path.GetFileName(file)));
        return copy;
    }

    public void Dispose() => _directory.Dispose();
}
