using System.Globalization;

namespace ParentProxy.Scenarios.Report;

/// <summary>Something that had to be shown.</summary>
/// <param name="Text">What.</param>
/// <param name="Passed">Whether it was.</param>
/// <param name="Measured">What was measured.</param>
/// <param name="IsTimed">Whether it is about how long something took, which a starved machine decides too.</param>
internal sealed record Bar(string Text, bool Passed, string Measured, bool IsTimed = false)
{
    /// <summary>A bar with its measurement.</summary>
    public static Bar Of(string text, bool passed, FormattableString measured) =>
        new(text, passed, measured.ToString(CultureInfo.InvariantCulture));

    /// <summary>No GET failed.</summary>
    public static Bar NoFailedGet(Figures figures) =>
        Of("no GET fails", figures.FailedGets == 0, $"{figures.FailedGets} of {figures.Gets}");

    /// <summary>No POST failed that had not come to an enclave that failed.</summary>
    public static Bar NoLostPost(Figures figures) => Of(
        "no POST fails but those already sent to it",
        figures.LostPosts == 0,
        $"{figures.LostPosts} of {figures.Posts}, and {figures.SentPosts} sent");

    /// <summary>No POST was read twice.</summary>
    public static Bar NoDuplicate(Figures figures) =>
        Of("no POST is read twice", figures.Duplicates == 0, $"{figures.Duplicates} of {figures.Posts}");

    /// <summary>Nothing was sent twice.</summary>
    public static Bar NoRetry(Figures figures) => Of(
        "each request is sent once",
        figures.Attempts == figures.Requests,
        $"{figures.Attempts} attempts for {figures.Requests} requests");

    /// <summary>Something was over in time.</summary>
    public static Bar Within(string text, TimeSpan time, TimeSpan limit) =>
        Of(
            $"{text} within {limit.TotalSeconds.ToString("0.0##", CultureInfo.InvariantCulture)} s",
            time <= limit,
            $"{time.TotalSeconds:F3} s") with
        {
            IsTimed = true,
        };
}
