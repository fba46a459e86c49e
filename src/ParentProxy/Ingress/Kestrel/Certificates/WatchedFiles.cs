using System.Security.Cryptography;

namespace ParentProxy.Ingress.Kestrel.Certificates;

/// <summary>
/// Files that are looked at again and again, by their content: that sees atomic renames and the symlink swaps of Kubernetes. Used
/// by one thread at a time.
/// </summary>
/// <param name="paths">Relative ones are relative to the program, as Kestrel has it.</param>
internal sealed class WatchedFiles(params IReadOnlyList<string> paths)
{
    private byte[] _used = [];
    private string? _suspected;

    /// <summary>Why what the files hold is not used; null while it is.</summary>
    public string? Refusal { get; private set; }

    /// <summary>
    /// Reads the files, and lets their content be used if it is another than before. What is wrong with it is a refusal only when
    /// the next look finds the same: they may be half written, or only one of two be there yet.
    /// </summary>
    /// <param name="use">Takes the content over, or says why not.</param>
    /// <returns>What happened since the last look.</returns>
    public FileChange Look(Func<IReadOnlyList<byte[]>, string?> use)
    {
        string? problem;
        try
        {
            List<byte[]> contents = [.. paths.Select(path => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, path)))];
            var hash = Hash(contents);
            var isSame = hash.AsSpan().SequenceEqual(_used);
            problem = isSame ? null : use(contents);
            if (problem is null)
            {
                _used = hash;
                _suspected = Refusal = null;
                return isSame ? FileChange.None : FileChange.Used;
            }
        }
        catch (Exception ex)
        {
            // Whatever is in a file, it must not end the watch.
            problem = ex.Message.TrimEnd('.');
        }

        var isNew = problem == _suspected && problem != Refusal;
        _suspected = problem;
        if (!isNew)
            return FileChange.None;
        Refusal = problem;
        return FileChange.Refused;
    }

    private static byte[] Hash(List<byte[]> contents)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var content in contents)
        {
            hash.AppendData(BitConverter.GetBytes(content.Length));
            hash.AppendData(content);
        }

        return hash.GetHashAndReset();
    }
}
