using Microsoft.Win32.SafeHandles;

namespace ParentProxy.Inside.Application;

/// <summary>Where the application's output goes when it is not simply ours.</summary>
internal interface IApplicationOutput
{
    /// <summary>Reads what a process of the application writes, until it closes both; takes the pipes over.</summary>
    void Read(SafeFileHandle output, SafeFileHandle error);

    /// <summary>
    /// Completes when all was read that is in the pipes. Called when the application has ended; what it left behind may hold them open.
    /// </summary>
    Task DrainAsync();
}
