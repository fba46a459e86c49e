using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;
using ParentProxy.Http1;
using Yarp.ReverseProxy.Forwarder;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>
/// The heads of an exchange on a route with YARP transforms. They work on message objects; these carry the heads alone,
/// while bodies, interim responses and everything else go the same way as without transforms.
/// </summary>
internal sealed class TransformedHeads : IDisposable
{
    private readonly HttpContext _context;
    private readonly HttpTransformer _transformer;
    private readonly HttpRequestMessage _request;
    private readonly HttpResponseMessage _response = new();

    private TransformedHeads(HttpContext context, HttpTransformer transformer, HttpRequestMessage request)
    {
        _context = context;
        _transformer = transformer;
        _request = request;
    }

    /// <summary>Runs the transforms of the request; null when one of them has answered by itself.</summary>
    public static async Task<TransformedHeads?> CreateAsync(
        HttpContext context, RequestPlan plan, HttpTransformer transformer, CancellationToken cancellationToken)
    {
        var request = new HttpRequestMessage
        {
            Method = new HttpMethod(plan.Method),
            Version = HttpVersion.Version11,
            Content = plan.Framing == RequestBodyFraming.None ? null : new HeadOnlyContent(),
        };
        await transformer.TransformRequestAsync(context, request, EnclaveForwarder.DestinationPrefix, cancellationToken);
        if (context.Response.HasStarted || context.Response.StatusCode != StatusCodes.Status200OK)
        {
            request.Dispose();
            return null;
        }

        var (path, query) = (context.Request.Path, context.Request.QueryString);
        var uri = request.RequestUri ?? RequestUtilities.MakeDestinationAddress(EnclaveForwarder.DestinationPrefix, path, query);
        if (plan.Target != "*")
            plan.Target = uri.PathAndQuery;
        return new TransformedHeads(context, transformer, request);
    }

    /// <summary>Writes the request head.</summary>
    /// <exception cref="InvalidRequestException">The request cannot be written as HTTP/1.1.</exception>
    public void WriteRequest(Http1Connection connection, RequestPlan plan)
    {
        RequestFields.Begin(connection, plan, _request.Headers.Host);
        foreach (var (name, values) in _request.Headers.NonValidated)
            RequestFields.Write(connection.Request, plan, name, Values(values), named: null);
        if (_request.Content is { } content)
        {
            foreach (var (name, values) in content.Headers.NonValidated)
                RequestFields.Write(connection.Request, plan, name, Values(values), named: null);
        }

        RequestFields.End(connection, plan);
    }

    /// <summary>Gives status and fields to the client; false when a transform keeps the body back.</summary>
    public async Task<bool> ApplyResponseAsync(ResponseHead head, CancellationToken cancellationToken)
    {
        _response.StatusCode = (HttpStatusCode)head.Status;
        _response.ReasonPhrase = head.Reason;
        _response.Content = new HeadOnlyContent();
        foreach (var (name, value) in head.Fields)
        {
            if (ResponseFields.IsForwarded(head, name) && !_response.Headers.TryAddWithoutValidation(name, value))
                _response.Content.Headers.TryAddWithoutValidation(name, value);
        }

        ResponseFields.Status(_context.Response, head.Status, head.Reason);
        var isWanted = await _transformer.TransformResponseAsync(_context, _response, cancellationToken);

        // How the message is framed is not for a transform to say.
        _context.Response.ContentLength = null;
        _context.Response.Headers.Remove(HeaderNames.TransferEncoding);
        ResponseFields.Upgrade(head, _context);
        return isWanted;
    }

    /// <summary>What the transforms make of the trailer fields.</summary>
    public async Task<IReadOnlyList<FieldLine>> TransformTrailersAsync(
        IReadOnlyList<FieldLine> trailers, CancellationToken cancellationToken)
    {
        foreach (var (name, value) in trailers)
            _response.TrailingHeaders.TryAddWithoutValidation(name, value);

        // YARP writes to the feature, which Kestrel has for HTTP/2 alone.
        var before = _context.Features.Get<IHttpResponseTrailersFeature>();
        var collected = new CollectedTrailers();
        _context.Features.Set<IHttpResponseTrailersFeature>(collected);
        try
        {
            await _transformer.TransformResponseTrailersAsync(_context, _response, cancellationToken);
        }
        finally
        {
            _context.Features.Set(before);
        }

        return [.. collected.Trailers.SelectMany(field => field.Value, (field, value) => new FieldLine(field.Key, value ?? ""))];
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _request.Dispose();
        _response.Dispose();
    }

    private static StringValues Values(System.Net.Http.Headers.HeaderStringValues values)
    {
        if (values.Count == 1)
            return values.ToString();
        var all = new string[values.Count];
        var i = 0;
        foreach (var value in values)
            all[i++] = value;
        return all;
    }

    private sealed class CollectedTrailers : IHttpResponseTrailersFeature
    {
        public IHeaderDictionary Trailers { get; set; } = new HeaderDictionary();
    }

    /// <summary>Gives the fields of a message that is about its body a place; the body goes another way.</summary>
    private sealed class HeadOnlyContent : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => Task.CompletedTask;

        protected override bool TryComputeLength(out long length)
        {
            length = 0;
            return false;
        }
    }
}
