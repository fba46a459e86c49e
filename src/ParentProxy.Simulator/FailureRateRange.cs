namespace ParentProxy.Simulator;

/// <summary>A share of requests.</summary>
internal static class FailureRateRange
{
    // Written so that NaN is outside.
    public static bool Contains(double rate) => rate is >= 0 and <= 1;
}
