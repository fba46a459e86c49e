namespace ParentProxy.Simulator;

/// <summary>How long a simulated enclave can be told to wait: what a timer can hold, and no more than a day is meant.</summary>
internal static class WaitRange
{
    public const int MaxMilliseconds = 86_400_000;

    public static bool Contains(TimeSpan wait) => wait >= TimeSpan.Zero && wait <= TimeSpan.FromMilliseconds(MaxMilliseconds);
}
