namespace ParentProxy.Tests.Transparency;

/// <summary>What stands between client and enclave.</summary>
internal interface IFront : IAsyncDisposable
{
    /// <summary>Where clients connect.</summary>
    Uri Uri { get; }
}
