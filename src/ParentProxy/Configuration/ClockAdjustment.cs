namespace ParentProxy.Configuration;

/// <summary>What is done when the clock differs from the parent's.</summary>
internal enum ClockAdjustment
{
    /// <summary>Nothing: the difference is told.</summary>
    Observe,

    /// <summary>The clock is made faster or slower until it agrees; never set. One second takes half an hour.</summary>
    Slew,

    /// <summary>As <see cref="Slew"/>, but a difference above the threshold is set at once.</summary>
    Step,
}
