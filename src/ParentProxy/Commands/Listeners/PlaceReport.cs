namespace ParentProxy.Commands.Listeners;

/// <summary>What was seen of a place where the proxy is to listen.</summary>
/// <param name="Place">The place.</param>
/// <param name="State">How it stands with it.</param>
/// <param name="Summary">That in a sentence, without a full stop.</param>
/// <param name="Remedy">What to do; empty for nothing.</param>
internal sealed record PlaceReport(ListenPlace Place, PlaceState State, string Summary, string Remedy = "")
{
    /// <summary>As scripts read it.</summary>
    public string Word => State switch
    {
        PlaceState.Free => "free",
        PlaceState.Ours => "ours",
        PlaceState.Taken => "taken",
        PlaceState.Impossible => "impossible",
        _ => "untried",
    };
}
