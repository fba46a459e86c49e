using ParentProxy.Ingress.Forwarding;

namespace ParentProxy.Tests.Ingress.Forwarding;

/// <summary>What outside readers rely on, kind by kind.</summary>
public sealed class FailureTableTests
{
    [Theory]
    [InlineData("NoEnclave", 503, "destination_unavailable", "NoAvailableDestinations")]
    [InlineData("LeftWhileWaiting", 503, "destination_unavailable", "NoAvailableDestinations")]
    [InlineData("AcceptQueueFull", 503, "destination_unavailable", "NoAvailableDestinations")]
    [InlineData("TooManyWaiting", 503, "connection_limit_reached", "Request")]
    [InlineData("ConnectionsBusy", 503, "connection_limit_reached", "NoAvailableDestinations")]
    [InlineData("QueueTimeout", 503, "connection_limit_reached", "NoAvailableDestinations")]
    [InlineData("TunnelsBusy", 503, "connection_limit_reached", "Request")]
    [InlineData("ConnectionTerminated", 502, "connection_terminated", "Request")]
    [InlineData("InvalidResponse", 502, "http_protocol_error", "Request")]
    [InlineData("EnclaveLeft", 502, "connection_terminated", "Request")]
    [InlineData("EnclaveRemoved", 502, "connection_terminated", "Request")]
    [InlineData("ResponseHeadTimeout", 504, "http_response_timeout", "RequestTimedOut")]
    [InlineData("EnclaveIdle", 504, "connection_write_timeout", "RequestTimedOut")]
    [InlineData("ClientIdle", 408, "http_request_error", "RequestTimedOut")]
    [InlineData("ResponseCut", 502, "http_response_incomplete", "ResponseBodyDestination")]
    [InlineData("ResponseIdle", 502, "proxy_internal_error", "ResponseBodyDestination")]
    [InlineData("TunnelIdle", 502, "proxy_internal_error", "UpgradeResponseDestination")]
    [InlineData("TunnelCut", 502, "proxy_internal_error", "UpgradeResponseDestination")]
    [InlineData("TunnelStopped", 502, "proxy_internal_error", "UpgradeResponseDestination")]
    [InlineData("Stopped", 503, "destination_unavailable", "RequestCanceled")]
    [InlineData("BadFraming", 400, "http_request_error", "RequestCreation")]
    [InlineData("BadRequest", 400, "http_request_error", "RequestCreation")]
    [InlineData("BadRequestBody", 400, "http_request_error", "RequestBodyClient")]
    [InlineData("BodyTooLarge", 413, "http_request_denied", "RequestBodyClient")]
    [InlineData("BadTarget", 400, "http_request_denied", "Request")]
    [InlineData("RateLimited", 429, "http_request_denied", "Request")]
    [InlineData("ClientGone", 502, "proxy_internal_error", "RequestCanceled")]
    [InlineData("NoRoute", 404, "destination_not_found", "Request")]
    [InlineData("Internal", 502, "proxy_internal_error", "Request")]
    public void Row_Kind_HasItsStatusAndErrors(string kind, int status, string error, string yarp)
    {
        var traits = FailureTable.Of(Enum.Parse<FailureKind>(kind));

        Assert.Equal((status, error, yarp), (traits.Status, traits.Error, traits.Yarp.ToString()));
    }
}
