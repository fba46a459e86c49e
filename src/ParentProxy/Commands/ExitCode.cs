namespace ParentProxy.Commands;

/// <summary>Exit codes of the program.</summary>
internal static class ExitCode
{
    /// <summary>All went well; a stop by a signal, too.</summary>
    public const int Ok = 0;

    /// <summary>What was asked failed: a listener could not be opened, or a check found a mistake.</summary>
    public const int Failed = 1;

    /// <summary>Wrong usage of the command line.</summary>
    public const int Usage = 2;

    /// <summary>EX_CONFIG of sysexits.h: the configuration is wrong; a restart would not help.</summary>
    public const int Configuration = 78;
}
