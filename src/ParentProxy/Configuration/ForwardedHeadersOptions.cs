using System.Net;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>ForwardedHeaders</c>: from whom <c>X-Forwarded-For</c> and its like are believed.</summary>
internal sealed record ForwardedHeadersOptions
{
    /// <summary>Networks of the proxies in front of us, whose forwarded fields are believed.</summary>
    public IReadOnlyList<IPNetwork> TrustedProxies { get; init; } =
    [
        IPNetwork.Parse("10.0.0.0/8"),
        IPNetwork.Parse("172.16.0.0/12"),
        IPNetwork.Parse("192.168.0.0/16"),
        IPNetwork.Parse("127.0.0.0/8"),
        IPNetwork.Parse("::1/128"),
    ];

    public static ForwardedHeadersOptions Read(SectionReader section)
    {
        var defaults = new ForwardedHeadersOptions();
        return new ForwardedHeadersOptions { TrustedProxies = section.List(defaults.TrustedProxies, Values.Network) };
    }
}
