namespace ParentProxy.Inside.Clock;

/// <summary>What one exchange with the parent says of the difference between the two clocks.</summary>
/// <param name="Offset">By how much ours is behind; negative when it is ahead.</param>
/// <param name="RoundTrip">How long the exchange took: by half of that the offset may be wrong.</param>
/// <param name="Parent">What the parent said.</param>
internal sealed record ClockSample(TimeSpan Offset, TimeSpan RoundTrip, ParentTime Parent)
{
    /// <summary>By how much the offset may be wrong as the exchange took its time.</summary>
    public TimeSpan Uncertainty => RoundTrip / 2;
}
