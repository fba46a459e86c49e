using ParentProxy.Runtime;

namespace ParentProxy.Configuration.Reading;

/// <summary>A file that the configuration names, and that is read with it.</summary>
internal static class NamedFile
{
    /// <summary>Reads it to its end, if it is a file of a size that can be meant.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">How large it may be.</param>
    /// <param name="bytes">What it holds.</param>
    /// <returns>Why it cannot be read, for an operator; null when it was.</returns>
    public static string? Read(string path, int maxBytes, out byte[] bytes)
    {
        bytes = [];
        if (Directory.Exists(path))
            return $"{Quoted.Text(path)} is a folder; name the file in it";
        if (FileKind.IsSpecial(path))
            return $"{Quoted.Text(path)} is no regular file";
        try
        {
            bytes = File.ReadAllBytes(path);
            return bytes.Length > maxBytes ? $"{Quoted.Text(path)} has {bytes.Length} bytes, of at most {maxBytes}" : null;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return $"there is no file {Quoted.Text(path)} (ENOENT)";
        }
        catch (UnauthorizedAccessException)
        {
            return $"{Quoted.Text(path)} may not be read by this user (EACCES)";
        }
        catch (IOException e)
        {
            return $"{Quoted.Text(path)} cannot be read: {e.Message}";
        }
    }
}
