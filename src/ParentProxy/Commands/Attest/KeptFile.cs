using ParentProxy.Configuration.Reading;
using ParentProxy.Runtime;

namespace ParentProxy.Commands.Attest;

/// <summary>Writes a file that is there whole or not at all.</summary>
internal static class KeptFile
{
    /// <summary>Puts it in the place of what was there.</summary>
    /// <param name="path">The file.</param>
    /// <param name="content">All of it.</param>
    /// <param name="mode">Who may do what with it.</param>
    /// <returns>Why it could not be written; null when it was.</returns>
    public static async Task<string?> WriteAsync(string path, ReadOnlyMemory<byte> content, UnixFileMode mode)
    {
        if (Directory.Exists(path) || FileKind.IsSpecial(path))
            return $"{Quoted.Text(path)} is there and no regular file";
        var beside = $"{path}.{Guid.NewGuid():N}.tmp";
        try
        {
            await using (var file = new FileStream(
                beside, new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, UnixCreateMode = mode }))
            {
                await file.WriteAsync(content);
                file.Flush(flushToDisk: true);
            }

            File.Move(beside, path, overwrite: true);
            return null;
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            TryDelete(beside);
            return $"{Quoted.Text(path)} cannot be written: {ex.Message}";
        }
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception ex) when (ex is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            // What could not be written may not be there.
        }
    }
}
