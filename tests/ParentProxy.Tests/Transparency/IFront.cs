namespace ParentProxy.Tests.Transparency;

/// <summary>What stands between client and enclave.</summary>
internal interface IFront : IAsyncDisposable
{
    /// <summary>Where clients connect.</summary>
    Uri Uri { get; }

    /// <summary>
    /// Waits until nothing of a case is left in it: a request whose client has gone may be sent once more, when its
    /// connection ends before the front knows, and would arrive in the next case.
    /// </summary>
    Task SettleAsync();
}
