using System.Globalization;
using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Commands.Doctor.Host;

/// <summary>
/// This machine as a check looks at it: its files, programs and sockets. All that a test has to put in the place of the real
/// ones goes through here.
/// </summary>
/// <param name="root">The folder that holds <c>proc</c>, <c>sys</c>, <c>dev</c> and <c>etc</c>.</param>
internal sealed class Machine(string root = "/")
{
    /// <summary>The folder that holds everything.</summary>
    public string Root { get; } = root;

    /// <summary>Runs a program that only tells.</summary>
    public Func<string, string[], CancellationToken, Task<ProgramOutput?>> Run { get; init; } = ProgramOutput.OfAsync;

    /// <summary>The error of socket(2) for AF_VSOCK; null for none.</summary>
    public Func<Errno?> OpenVsock { get; init; } = VsockTrial.Open;

    /// <summary>Whether CID 1 is this machine itself. Anywhere else it must not be dialled.</summary>
    public Func<bool> HasLoopback { get; init; } = VsockLocal.IsLoopbackAvailable;

    /// <summary>This machine's own CID; null where it cannot be asked for.</summary>
    public Func<uint?> OwnCid { get; init; } = () => VsockLocal.TryGetLocalCid(out var cid) ? cid : null;

    /// <summary>The vsock sockets that listen here; or why they cannot be listed.</summary>
    public Func<VsockSocketList> VsockListeners { get; init; } = VsockSocketList.Read;

    /// <summary>The clock of the kernel.</summary>
    public Func<ClockReading> Clock { get; init; } = KernelClock.Read;

    /// <summary>How many files this process may open; null for no limit.</summary>
    public Func<long?> OpenFileLimit { get; init; } = Runtime.OpenFileLimit.Current;

    /// <summary>Whether this process may read what belongs to others.</summary>
    public bool IsRoot { get; init; } = Environment.IsPrivilegedProcess;

    /// <summary>What belongs to others can be looked at only so.</summary>
    public const string AsRoot = "run this as root (sudo parent-proxy doctor)";

    /// <summary>The release of the kernel, as <c>uname -r</c> prints it; empty when it is not known.</summary>
    public string KernelRelease => Line("/proc/sys/kernel/osrelease") ?? "";

    /// <summary>The path below <see cref="Root"/>.</summary>
    public string At(string path) => Path.Combine(Root, path.TrimStart('/'));

    /// <summary>Whether a file or folder is there.</summary>
    public bool Exists(string path) => Path.Exists(At(path));

    /// <summary>The whole text of a file; null where it cannot be read.</summary>
    public string? Text(string path)
    {
        try
        {
            return File.ReadAllText(At(path));
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The lines of a file; none where it cannot be read.</summary>
    public IReadOnlyList<string> Lines(string path) =>
        Text(path)?.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) ?? [];

    /// <summary>The first line of a file; null where there is none.</summary>
    public string? Line(string path) => Lines(path) is [var first, ..] ? first : null;

    /// <summary>The number in a file; null where there is none.</summary>
    public long? Number(string path) =>
        long.TryParse(Line(path), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>The value behind a key like <c>MemTotal:</c>, without its unit; null where there is none.</summary>
    public long? Number(string path, string key)
    {
        var line = Lines(path).FirstOrDefault(line => line.StartsWith(key, StringComparison.Ordinal));
        var word = line?[key.Length..].Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries).FirstOrDefault();
        return long.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
    }

    /// <summary>The names in a folder; none where it cannot be read.</summary>
    public IReadOnlyList<string> Names(string folder)
    {
        try
        {
            return [.. Directory.EnumerateFileSystemEntries(At(folder)).Select(path => Path.GetFileName(path))];
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    /// <summary>Whether a kernel module is loaded, or part of the kernel.</summary>
    public bool HasModule(string name) =>
        Exists($"/sys/module/{name}")
        || Lines("/proc/modules").Any(line => line.StartsWith($"{name} ", StringComparison.Ordinal))
        || IsBuiltIn(name);

    /// <summary>Whether a module is part of the kernel.</summary>
    public bool IsBuiltIn(string name) =>
        Lines($"/lib/modules/{KernelRelease}/modules.builtin").Any(line => line.EndsWith($"/{name}.ko", StringComparison.Ordinal));
}
