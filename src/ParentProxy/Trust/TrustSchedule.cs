namespace ParentProxy.Trust;

/// <summary>When an enclave is asked for a document, as a function of how the last attempts went.</summary>
internal static class TrustSchedule
{
    /// <summary>After the first attempt that came to nothing; each further one doubles it.</summary>
    private static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(1);

    /// <summary>From the start of an attempt to the start of the next.</summary>
    /// <param name="interval"><c>Attestation:Interval</c>, which is never exceeded.</param>
    /// <param name="failures">Attempts in a row that came to nothing, or whose document was rejected.</param>
    public static TimeSpan Pause(TimeSpan interval, int failures)
    {
        if (failures == 0)
            return interval;
        var pause = FirstPause * Math.Pow(2, Math.Min(failures - 1, 16));
        return pause < interval ? pause : interval;
    }
}
