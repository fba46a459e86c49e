using System.Globalization;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Transparency;

/// <summary>How long a case may wait for anything: a peer that never does what a case wants should not take a minute to say so.</summary>
internal static class WireDeadline
{
    public static readonly TimeSpan Value = Environment.GetEnvironmentVariable("TRANSPARENCY_SECONDS") is { Length: > 0 } seconds
        ? TimeSpan.FromSeconds(int.Parse(seconds, CultureInfo.InvariantCulture))
        : TestDeadline.Value;
}
