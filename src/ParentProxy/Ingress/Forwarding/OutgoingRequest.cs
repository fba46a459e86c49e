using Microsoft.AspNetCore.Http;
using ParentProxy.Ingress.Failover;
using ParentProxy.Ingress.Pipeline;

namespace ParentProxy.Ingress.Forwarding;

/// <summary>A request as it is sent to an enclave, the same for every attempt: what of it was read and changed for that.</summary>
internal sealed class OutgoingRequest
{
    private bool _hasForwardedFields;
    private Stream? _clientBody;

    /// <summary>What goes out over HTTP/1.1; null before the first attempt over it.</summary>
    public RequestPlan? Plan { get; private set; }

    /// <summary>Whether doing the request twice does no harm; not known, and false, before the first attempt.</summary>
    public bool IsIdempotent { get; private set; }

    /// <summary>Whether the client asks for another protocol.</summary>
    public bool IsUpgrade { get; private set; }

    /// <summary>What was read of the body, as far as that is kept; null when there is none.</summary>
    public RecordedBody? Body { get; private set; }

    /// <summary>Whether it can be sent again from its beginning: what was read of its body is still there.</summary>
    public bool IsWhole => Body is null or { IsWhole: true };

    /// <summary>Notes what the client asks for.</summary>
    public void Describe(bool isIdempotent, bool isUpgrade) => (IsIdempotent, IsUpgrade) = (isIdempotent, isUpgrade);

    /// <summary>Has the body recorded from its first byte on; once.</summary>
    public void Record(RecordedBody body) => Body = body;

    /// <summary>Settles what goes out over HTTP/1.1; once.</summary>
    public void Use(RequestPlan plan) => Plan = plan;

    /// <summary>Puts the forwarded fields into the request as the enclave is to see them, if they are not there yet.</summary>
    public void ApplyForwardedFields(HttpContext context)
    {
        if (_hasForwardedFields)
            return;
        ForwardedFields.Apply(context);
        _hasForwardedFields = true;
    }

    /// <summary>The body as the client sends it, before which another stream will stand in the request.</summary>
    public Stream ClientBodyOf(HttpRequest request) => _clientBody ??= request.Body;

    /// <summary>Takes away what <see cref="ClientBodyOf"/> was asked for.</summary>
    public void RestoreClientBody(HttpRequest request)
    {
        if (_clientBody is not null)
            request.Body = _clientBody;
    }

    /// <summary>The request is over: gives back the memory for its body.</summary>
    public void ReleaseBody() => Body?.Dispose();
}
