namespace ParentProxy.Inside.Application;

/// <summary>The application cannot be started as it is configured. Says what was tried and what to do.</summary>
/// <param name="exitCode">What a shell would return: 127 for a program that is not there, 126 for one that cannot be run.</param>
/// <param name="isPermanent">Whether another attempt would fail as well.</param>
/// <param name="message">What was tried, the errno by name, and what to do.</param>
internal sealed class ApplicationStartException(int exitCode, bool isPermanent, string message) : IOException(message)
{
    /// <summary>A shell's code for a program that is not there.</summary>
    public const int NotFound = 127;

    /// <summary>A shell's code for a program that cannot be run.</summary>
    public const int NotExecutable = 126;

    /// <summary>What a shell would return.</summary>
    public int ExitCode => exitCode;

    /// <summary>Whether another attempt would fail as well.</summary>
    public bool IsPermanent => isPermanent;
}
