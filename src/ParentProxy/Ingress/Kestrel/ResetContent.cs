using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// The status of a 205 (Reset Content). RFC 9112 §6.3 frames its content like that of any other response, but Kestrel takes it
/// for a response without any: it refuses a length and throws at the first byte. So Kestrel is given <see cref="StandIn"/>, to
/// which it allows content, and <see cref="StatusPatch"/> puts the 205 back on the wire. To everybody else the status is 205.
/// </summary>
internal sealed class ResetContent : IHttpResponseFeature
{
    /// <summary>What Kestrel knows a 205 as. No response has a status above 599, so nothing else is ever taken for it.</summary>
    public const int StandIn = 605;

    private const string Reason = "Reset Content";

    private readonly IHttpResponseFeature _inner;
    private readonly ClientWire _wire;

    private ResetContent(IHttpResponseFeature inner, ClientWire wire)
    {
        _inner = inner;
        _wire = wire;
        inner.OnStarting(static state => ((ResetContent)state).AnnounceHead(), this);
    }

    /// <inheritdoc/>
    public int StatusCode
    {
        get => _inner.StatusCode == StandIn ? StatusCodes.Status205ResetContent : _inner.StatusCode;
        set => _inner.StatusCode = value == StatusCodes.Status205ResetContent ? StandIn : value;
    }

    /// <inheritdoc/>
    public string? ReasonPhrase
    {
        get => _inner.ReasonPhrase;
        set => _inner.ReasonPhrase = value;
    }

    /// <inheritdoc/>
    public IHeaderDictionary Headers
    {
        get => _inner.Headers;
        set => _inner.Headers = value;
    }

    /// <inheritdoc/>
    [Obsolete("Part of the interface; IHttpResponseBodyFeature replaces it.")]
    public Stream Body
    {
        get => _inner.Body;
        set => _inner.Body = value;
    }

    /// <inheritdoc/>
    public bool HasStarted => _inner.HasStarted;

    /// <summary>Gives a response that has not started the status 205.</summary>
    public static void Use(HttpContext context)
    {
        var features = context.Features;
        if (features.Get<IHttpResponseFeature>() is { } inner and not ResetContent && features.Get<ClientWire>() is { } wire)
            features.Set<IHttpResponseFeature>(new ResetContent(inner, wire));
        context.Response.StatusCode = StatusCodes.Status205ResetContent;
    }

    /// <inheritdoc/>
    public void OnStarting(Func<object, Task> callback, object state) => _inner.OnStarting(callback, state);

    /// <inheritdoc/>
    public void OnCompleted(Func<object, Task> callback, object state) => _inner.OnCompleted(callback, state);

    /// <summary>The head is what Kestrel writes next.</summary>
    private Task AnnounceHead()
    {
        // A failure may have taken the place of the response.
        if (_inner.StatusCode == StandIn)
        {
            _inner.ReasonPhrase ??= Reason;
            _wire.ExpectHead();
        }

        return Task.CompletedTask;
    }
}
