using System.Net;

namespace ParentProxy.Ingress.Http2;

/// <summary>A response body, or an upgraded connection, on its way to the client.</summary>
internal sealed class WatchedResponseContent : HttpContent
{
    private readonly HttpContent _inner;
    private readonly AttemptBinding _binding;
    private readonly bool _isTunnel;

    public WatchedResponseContent(HttpContent inner, AttemptBinding binding, bool isTunnel)
    {
        _inner = inner;
        _binding = binding;
        _isTunnel = isTunnel;
        foreach (var (name, values) in inner.Headers.NonValidated)
            Headers.TryAddWithoutValidation(name, values);
    }

    /// <inheritdoc/>
    protected override Task<Stream> CreateContentReadStreamAsync() => CreateContentReadStreamAsync(CancellationToken.None);

    /// <inheritdoc/>
    protected override async Task<Stream> CreateContentReadStreamAsync(CancellationToken cancellationToken)
    {
        var stream = await _inner.ReadAsStreamAsync(cancellationToken);

        // The head of an upgrade is sent by the upgrade itself.
        return new WatchedStream(stream, _binding.Attempt) { BeforeWait = _isTunnel ? null : _binding.SendHead };
    }

    /// <inheritdoc/>
    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => _inner.CopyToAsync(stream, context);

    /// <inheritdoc/>
    protected override bool TryComputeLength(out long length)
    {
        length = _inner.Headers.ContentLength ?? 0;
        return _inner.Headers.ContentLength is not null;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
            _inner.Dispose();
        base.Dispose(disposing);
    }
}
