namespace ParentProxy.Tests.Transparency;

/// <summary>One exchange, or a few, of which a client and an enclave say and see every byte.</summary>
/// <param name="Name">What holds; unique.</param>
/// <param name="Script">Both sides, in the order in which things happen.</param>
internal sealed record WireCase(string Name, Func<WireRun, Task> Script)
{
    /// <summary>Why ours may do otherwise. Then it has to: a reason that no longer holds is a failure.</summary>
    public string? Reason { get; init; }

    /// <summary>The first part of the name.</summary>
    public string Category => Name.Split(':')[0];

    public override string ToString() => Name;
}
