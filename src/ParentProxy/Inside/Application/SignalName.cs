using System.Globalization;

namespace ParentProxy.Inside.Application;

/// <summary>Signals by name, with their numbers on x86-64 and arm64 Linux.</summary>
internal static class SignalName
{
    /// <summary>The terminal has gone, or what is configured is to be read again.</summary>
    public const int Hup = 1;

    /// <summary>Ctrl+C: the polite end of programs in a terminal.</summary>
    public const int Int = 2;

    /// <summary>As <see cref="Int"/>, with a core file.</summary>
    public const int Quit = 3;

    /// <summary>The end that nobody can refuse.</summary>
    public const int Kill = 9;

    /// <summary>Means what the application likes.</summary>
    public const int User1 = 10;

    /// <summary>Means what the application likes, too.</summary>
    public const int User2 = 12;

    public const int Term = 15;

    /// <summary>A child has ended.</summary>
    public const int Child = 17;

    /// <summary>What was stopped goes on.</summary>
    public const int Continue = 18;

    /// <summary>The window has another size.</summary>
    public const int WindowChange = 28;

    private static readonly string[] Names =
    [
        "SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2",
        "SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG",
        "SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS",
    ];

    /// <summary>The name, or the number of one that has none.</summary>
    public static string Of(int signal) =>
        signal > 0 && signal <= Names.Length ? Names[signal - 1] : string.Create(CultureInfo.InvariantCulture, $"signal {signal}");
}
