using ParentProxy.Endpoints;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Time</c>: the enclave's clock, compared with the parent's.</summary>
internal sealed record InsideTimeOptions
{
    /// <summary>Where the parent has <c>Egress:Time</c>.</summary>
    public required EnclaveEndpoint To { get; init; }

    /// <summary>From one comparison to the next.</summary>
    public TimeSpan Interval { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>What is done about a difference.</summary>
    public ClockAdjustment Adjust { get; init; } = ClockAdjustment.Slew;

    /// <summary>A larger difference is stepped over and not slewed, where stepping is allowed.</summary>
    public TimeSpan StepThreshold { get; init; } = TimeSpan.FromSeconds(0.5);
}
