using ParentProxy.Vsock;

namespace ParentProxy.Runtime;

/// <summary>The clock of this machine at one moment, and what is known of it.</summary>
/// <param name="Utc">What it says.</param>
/// <param name="MaxError">By how much it may be wrong at most, as who sets it has told the kernel.</param>
/// <param name="IsSynchronized">Whether somebody sets it.</param>
/// <param name="Leap">The leap second that is due at the end of the day.</param>
/// <param name="Failure">Why nothing but <paramref name="Utc"/> is known; null when the rest is.</param>
internal readonly record struct ClockReading(
    DateTime Utc, TimeSpan MaxError, bool IsSynchronized, LeapSecond Leap = LeapSecond.None, Errno? Failure = null);
