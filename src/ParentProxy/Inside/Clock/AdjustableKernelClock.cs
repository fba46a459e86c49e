using ParentProxy.Runtime;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Clock;

internal sealed class AdjustableKernelClock : IAdjustableClock
{
    /// <inheritdoc/>
    public Errno? Slew(TimeSpan by) => KernelClock.Slew(by);

    /// <inheritdoc/>
    public Errno? Step(TimeSpan by) => KernelClock.Step(by);
}
