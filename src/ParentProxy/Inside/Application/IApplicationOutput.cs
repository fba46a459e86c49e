using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Inside.Application;

/// <summary>Reads what the application writes.</summary>
internal interface IApplicationOutput
{
    /// <summary>Whether it reads at all; else the application writes where this process does.</summary>
    bool IsWanted { get; }

    /// <summary>Reads what a process of the application writes, until it closes both; takes the pipes over.</summary>
    void Read(SafeFileHandle output, SafeFileHandle error);

    /// <summary>
    /// Completes when all was read that is in the pipes. Called when the application has ended; what it left behind may hold them open.
    /// </summary>
    Task DrainAsync();
}
