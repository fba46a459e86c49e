using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Clock;

/// <summary>The kernel's clock.</summary>
internal sealed class AdjustableKernelClock : IAdjustableClock
{
    /// <inheritdoc/>
    public Errno? Slew(TimeSpan by) => KernelClock.Slew(by);

    /// <inheritdoc/>
    public Errno? Step(TimeSpan by) => KernelClock.Step(by);
}
