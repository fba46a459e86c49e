namespace ParentProxy.Inside.Application;

/// <summary>The file of a program, as a shell finds it.</summary>
internal static class ProgramFile
{
    /// <summary>What the C library takes where there is no <c>PATH</c>.</summary>
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private const UnixFileMode Executable = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    /// <summary>Looks in <c>PATH</c> for a name without a slash.</summary>
    /// <returns>The path; one that cannot be executed when there is no other, so that the kernel says why not.</returns>
    /// <exception cref="ApplicationStartException">There is no such file.</exception>
    public static string Find(string command, string? path)
    {
        if (command.Contains('/', StringComparison.Ordinal))
            return command;
        path = string.IsNullOrEmpty(path) ? DefaultPath : path;

        // An empty entry is the working folder.
        var found = path.Split(':').Select(folder => Path.Combine(folder.Length == 0 ? "." : folder, command)).Where(File.Exists).ToList();
        return found.Find(file => (File.GetUnixFileMode(file) & Executable) != 0)
            ?? found.FirstOrDefault()
            ?? throw new ApplicationStartException(
                ApplicationStartException.NotFound,
                isPermanent: true,
                $"\"{command}\" is in no folder of PATH ({path}) (ENOENT): correct Enclave:Application:Command, or name the whole path");
    }
}
