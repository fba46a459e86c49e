using System.Runtime.CompilerServices;

namespace ParentProxy.Vsock.Tests;

/// <summary>A test over real AF_VSOCK: skipped, with the reason, where this machine cannot reach itself over vsock.</summary>
[AttributeUsage(AttributeTargets.Method)]
public sealed class VsockFactAttribute : FactAttribute
{
    private static readonly bool IsAvailable = VsockLocal.IsLoopbackAvailable();

    /// <summary>The compiler fills in where the test stands.</summary>
    public VsockFactAttribute([CallerFilePath] string? sourceFilePath = null, [CallerLineNumber] int sourceLineNumber = -1)
        : base(sourceFilePath, sourceLineNumber)
    {
        if (!IsAvailable)
            Skip = "needs AF_VSOCK loopback: CID 1 cannot be bound here (modprobe vsock_loopback, or run the suite in tests/vm)";
    }
}
