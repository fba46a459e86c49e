using ParentProxy.Vsock;

namespace ParentProxy.Inside.Clock;

/// <summary>The clock of the enclave. An interface, because no test may set that of the machine it runs on.</summary>
internal interface IAdjustableClock
{
    /// <summary>Makes it run faster or slower until it has gained or lost so much. Null, or why it cannot.</summary>
    Errno? Slew(TimeSpan by);

    /// <summary>Sets it by so much at once. Null, or why it cannot.</summary>
    Errno? Step(TimeSpan by);
}
