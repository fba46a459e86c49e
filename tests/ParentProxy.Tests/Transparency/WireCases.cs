using ParentProxy.Tests.Transparency.Cases;

namespace ParentProxy.Tests.Transparency;

/// <summary>All cases, by name.</summary>
internal static class WireCases
{
    public static IReadOnlyDictionary<string, WireCase> All { get; } = ((IEnumerable<WireCase>[])
    [
        Target.Cases,
        Methods.Cases,
        Fields.Cases,
        HopByHop.Cases,
        Framing.Cases,
        ResponseFraming.Cases,
        ResponseStrictness.Cases,
        Interim.Cases,
        Continue.Cases,
        EarlyAnswers.Cases,
        Http10.Cases,
        Streaming.Cases,
        Trailers.Cases,
        Upgrade.Cases,
        Reuse.Cases,
        Limits.Cases,
        Flow.Cases,
        Failures.Cases,
    ]).SelectMany(cases => cases).ToDictionary(c => c.Name);
}
