namespace ParentProxy.Configuration.Reading;

/// <summary>Says of a file that is there why it cannot be read, and what to do.</summary>
internal static class Unreadable
{
    private const string Folder = "/etc/parent-proxy/";
    private const string Service = "parent-proxy";

    /// <summary>The mistake that it comes to.</summary>
    /// <param name="file">The file.</param>
    /// <param name="exception">What reading it threw.</param>
    public static ConfigurationProblem Problem(string file, Exception exception) => exception is UnauthorizedAccessException
        ? new ConfigurationProblem(file, Forbidden(file, Environment.UserName)) { IsForbidden = true }
        : new ConfigurationProblem(file, $"cannot be read: {exception.Message}");

    private static string Forbidden(string file, string user)
    {
        var isInstalled = file.StartsWith(Folder, StringComparison.Ordinal);
        var remedy = (isInstalled, user) switch
        {
            (true, Service) => $"chgrp {Service} {file}; chmod 640 {file}",
            (true, _) => $"run this as root (sudo), or as a member of the group {Service}",
            _ => "run this as a user who may (ls -l), or as root (sudo)",
        };
        return $"cannot be read by the user {user} (EACCES): {remedy}";
    }
}
