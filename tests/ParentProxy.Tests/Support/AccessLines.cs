using System.Text.Json;

namespace ParentProxy.Tests.Support;

/// <summary>The access log of a proxy in a file of its own.</summary>
internal sealed class AccessLines : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    /// <summary>The settings that write it, in a mode.</summary>
    public string[] Settings(string mode = "errors") => [$"AccessLog:Mode={mode}", "AccessLog:Sink=file", $"AccessLog:Path={File}"];

    /// <summary>The lines, once there are so many.</summary>
    public async Task<IReadOnlyList<JsonElement>> ReadAsync(int atLeast = 1)
    {
        await Eventually.TrueAsync(() => Raw().Length >= atLeast, () => string.Join('\n', Raw()));
        return [.. Raw().Select(line => JsonDocument.Parse(line).RootElement)];
    }

    public void Dispose() => _directory.Dispose();

    private string File => _directory.File("access.log");

    private string[] Raw() => System.IO.File.Exists(File) ? System.IO.File.ReadAllLines(File) : [];
}
