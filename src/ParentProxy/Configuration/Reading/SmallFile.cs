using ParentProxy.Runtime;

namespace ParentProxy.Configuration.Reading;

/// <summary>Reads a file that an operator names, whole.</summary>
internal static class SmallFile
{
    /// <summary>What is in a file, or why it cannot be had.</summary>
    /// <param name="path">The file.</param>
    /// <param name="maxBytes">How large it may be.</param>
    public static Parsed<byte[]> Read(string path, int maxBytes)
    {
        if (Directory.Exists(path))
            return new Mistake($"{Quoted.Text(path)} is a folder; name the file in it");
        if (FileKind.IsSpecial(path))
            return new Mistake($"{Quoted.Text(path)} is no regular file");
        try
        {
            var bytes = File.ReadAllBytes(path);
            return bytes.Length <= maxBytes
                ? bytes
                : new Mistake($"{Quoted.Text(path)} has {bytes.Length} bytes, of at most {maxBytes}");
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return new Mistake($"there is no file {Quoted.Text(path)} (ENOENT)");
        }
        catch (UnauthorizedAccessException)
        {
            return new Mistake($"{Quoted.Text(path)} may not be read by this user (EACCES)");
        }
        catch (Exception e) when (e is IOException or ArgumentException)
        {
            return new Mistake($"{Quoted.Text(path)} cannot be read: {e.Message}");
        }
    }
}
