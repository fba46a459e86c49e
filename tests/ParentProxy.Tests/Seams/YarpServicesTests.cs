using Microsoft.AspNetCore.DataProtection;
using Microsoft.Extensions.DependencyInjection;
using ParentProxy.Configuration;
using ParentProxy.Tests.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.LoadBalancing;
using Yarp.ReverseProxy.SessionAffinity;

namespace ParentProxy.Tests.Seams;

/// <summary>YARP's services: which there are, and that they are registered in the form in which ours replace them.</summary>
public sealed class YarpServicesTests
{
    /// <summary>BalancingServices puts ours around each of them, by its type.</summary>
    [Fact]
    public void LoadBalancingPolicies_AreTypes_AndThoseThatRoutingOffers()
    {
        var services = Services();
        Assert.All(
            services.Where(service => service.ServiceType == typeof(ILoadBalancingPolicy)),
            policy => Assert.NotNull(policy.ImplementationType));

        using var provider = services.BuildServiceProvider();
        Assert.Equal(
            RoutingOptions.LoadBalancingPolicies.Order(StringComparer.Ordinal),
            provider.GetServices<ILoadBalancingPolicy>().Select(policy => policy.Name).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void SessionAffinityPolicies_AreThoseThatAClusterMayName()
    {
        using var provider = Services().BuildServiceProvider();
        var policies = provider.GetServices<ISessionAffinityPolicy>().Select(policy => policy.Name).ToList();

        Assert.Equal(["ArrCookie", "Cookie", "CustomHeader", "HashCookie"], policies.Order(StringComparer.Ordinal));
        foreach (var policy in policies)
            TestConfiguration.Accept(
                TestConfiguration.WithEnclave(
                    $$""" "ReverseProxy": { "Clusters": { "c": { "Destinations": { "d": { "Address": "vsock://17:1" } },"""
                        + $$""" "SessionAffinity": { "Enabled": true, "Policy": "{{policy}}", "AffinityKeyName": "k" } } } } """));
    }

    [Fact]
    public void FailurePolicies_AreThoseThatAClusterMayName()
    {
        using var provider = Services().BuildServiceProvider();

        Assert.Equal(
            ["Redistribute", "Return503Error"],
            provider.GetServices<IAffinityFailurePolicy>().Select(policy => policy.Name).Order(StringComparer.Ordinal));
    }

    /// <summary>IngressServer puts EnclaveForwarder in its place, and keeps YARP's own for HTTP/2.</summary>
    [Fact]
    public void Forwarder_IsAType() =>
        Assert.NotNull(Services().Last(service => service.ServiceType == typeof(IHttpForwarder)).ImplementationType);

    /// <summary>Http2Forwarder says of each what it means for the enclave and for the client.</summary>
    [Fact]
    public void ForwarderErrors_AreThoseThatAreJudged() => Assert.Equal(
        "None Request RequestTimedOut RequestCanceled RequestBodyCanceled RequestBodyClient RequestBodyDestination ResponseHeaders "
            + "ResponseBodyCanceled ResponseBodyClient ResponseBodyDestination "
        + "UpgradeRequestCanceled UpgradeRequestClient UpgradeRequestDestination UpgradeResponseCanceled UpgradeResponseClient "
        + "UpgradeResponseDestination NoAvailableDestinations "
        + "RequestCreation UpgradeActivityTimeout",
        string.Join(' ', Enum.GetNames<ForwarderError>()));

    private static ServiceCollection Services()
    {
        var services = new ServiceCollection();
        services.AddLogging();
        services.AddReverseProxy();
        services.AddSingleton<IDataProtectionProvider, EphemeralDataProtectionProvider>();
        return services;
    }
}
