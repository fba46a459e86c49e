using Microsoft.Win32.SafeHandles;
using ParentProxy.Inside.Application;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Application;

/// <summary>Copies what the application writes into a file, which another user could not open.</summary>
internal sealed class FileOutput(string path) : IApplicationOutput
{
    private Task _copying = Task.CompletedTask;

    public bool IsWanted => true;

    public void Read(SafeFileHandle output, SafeFileHandle error)
    {
        error.Dispose();
        _copying = Task.Run(() =>
        {
            using var pipe = new FileStream(output, FileAccess.Read);
            using var file = File.Create(path);
            pipe.CopyTo(file);
        });
    }

    public Task DrainAsync() => _copying.WaitAsync(TestDeadline.Value);

    public static Task<string[]> LinesAsync(string path) => File.ReadAllLinesAsync(path);
}
