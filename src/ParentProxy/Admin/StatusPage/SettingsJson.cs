using System.Net;
using System.Security.Authentication;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.AspNetCore.Http;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Admin.StatusPage;

/// <summary>The configuration in effect as JSON, with the values as they are written in a file.</summary>
[JsonSourceGenerationOptions(GenerationMode = JsonSourceGenerationMode.Metadata)]
[JsonSerializable(typeof(AccessLogOptions))]
[JsonSerializable(typeof(AdminOptions))]
[JsonSerializable(typeof(AttestationOptions))]
[JsonSerializable(typeof(DiscoveryOptions))]
[JsonSerializable(typeof(EgressOptions))]
[JsonSerializable(typeof(ForwardedHeadersOptions))]
[JsonSerializable(typeof(HealthOptions))]
[JsonSerializable(typeof(IReadOnlyList<EnclaveOptions>))]
[JsonSerializable(typeof(IReadOnlyList<PassthroughOptions>))]
[JsonSerializable(typeof(LimitOptions))]
[JsonSerializable(typeof(RetryOptions))]
[JsonSerializable(typeof(ReverseProxyOptions))]
[JsonSerializable(typeof(RoutingOptions))]
[JsonSerializable(typeof(TimeoutOptions))]
[JsonSerializable(typeof(VsockOptions))]
internal sealed partial class SettingsJson : JsonSerializerContext
{
    /// <summary>As a configuration is written: names of members in camel case, durations and endpoints as text.</summary>
    public static SettingsJson Written { get; } = new(new JsonSerializerOptions
    {
        Converters =
        {
            new TextConverter<IPNetwork>(network => network.ToString()),
            new TextConverter<StatusRanges>(ranges => ranges.ToString()),
            new TextConverter<EnclaveEndpoint>(endpoint => endpoint.ToString()),
            new TextConverter<JsonPointer>(pointer => pointer.ToString()),
            new TextConverter<Destination>(destination => destination.ToString()),
            new TextConverter<EgressAddress>(address => address.Text),
            new TextConverter<EgressHostPattern>(host => host.Text),
            new TextConverter<IPEndPoint>(endPoint => endPoint.ToString()),
            new TextConverter<PassthroughAddress>(address => address.Text),
            new TextConverter<PassthroughTarget>(target => target.Text),
            new TextConverter<Version>(version => version.Minor == 0 ? version.ToString(1) : version.ToString(2)),
            Word<AccessLogFormat>(),
            Word<AccessLogMode>(),
            Word<AccessLogSink>(),
            Word<EnclaveMode>(),
            Word<AttestationMode>(),
            Word<AttestationProtocol>(),
            Word<PassthroughLogMode>(),
            Word<ProbeType>(),
            Word<ProxyProtocolAccept>(),
            Word<ProxyProtocolSend>(),
            Word<ToHostMode>(),
            Word<CookieSecurePolicy>(),
            Word<HeaderMatchMode>(),
            Word<HttpVersionPolicy>(),
            Word<QueryParameterMatchMode>(),
            Word<SameSiteMode>(),
            Word<SslProtocols>(),
        },
    });

    private static JsonStringEnumConverter<T> Word<T>()
        where T : struct, Enum => new(JsonNamingPolicy.CamelCase);
}
