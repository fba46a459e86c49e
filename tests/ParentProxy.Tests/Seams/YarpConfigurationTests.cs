using ParentProxy.Tests.Support;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Tests.Seams;

/// <summary>YARP's configuration: what there is to be set, and what it takes for a change.</summary>
public sealed class YarpConfigurationTests
{
    /// <summary>A key that a version of YARP adds is either read and checked by our sections, or refused by them.</summary>
    [Theory]
    [InlineData(
        typeof(RouteConfig),
        "AuthorizationPolicy ClusterId CorsPolicy Match MaxRequestBodySize Metadata Order OutputCachePolicy RateLimiterPolicy "
            + "RouteId Timeout TimeoutPolicy Transforms")]
    [InlineData(typeof(RouteMatch), "Headers Hosts Methods Path QueryParameters")]
    [InlineData(typeof(RouteHeader), "IsCaseSensitive Mode Name Values")]
    [InlineData(typeof(RouteQueryParameter), "IsCaseSensitive Mode Name Values")]
    [InlineData(
        typeof(ClusterConfig), "ClusterId Destinations HealthCheck HttpClient HttpRequest LoadBalancingPolicy Metadata SessionAffinity")]
    [InlineData(typeof(DestinationConfig), "Address Health Host Metadata")]
    [InlineData(typeof(SessionAffinityConfig), "AffinityKeyName Cookie Enabled FailurePolicy Policy")]
    [InlineData(typeof(SessionAffinityCookieConfig), "Domain Expiration HttpOnly IsEssential MaxAge Path SameSite SecurePolicy")]
    public void Keys_AreThoseThatOurSectionsKnow(Type type, string keys) =>
        Assert.Equal(keys, string.Join(' ', type.GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal)));

    /// <summary>Once this fails, EnclaveProxyConfigProvider need not mark such routes any more.</summary>
    [Fact]
    public void Routes_ThatDifferInMaxRequestBodySizeAlone_AreTheSameToYarp() => Assert.Equal(
        new RouteConfig { RouteId = "r", MaxRequestBodySize = 1 },
        new RouteConfig { RouteId = "r", MaxRequestBodySize = 2 });

    [Fact]
    public async Task Apply_MaxRequestBodySizeAloneChanges_TheNextRequestFollowsIt()
    {
        await using var enclave = await TestEnclave.StartAsync();
        string[] settings =
        [
            "ReverseProxy:Clusters:c:Destinations:d:Address=" + enclave.EndPoint,
            "ReverseProxy:Routes:r:ClusterId=c",
            "ReverseProxy:Routes:r:Match:Path=/{**rest}",
        ];
        await using var proxy = await TestProxy.StartAsync([.. settings, "ReverseProxy:Routes:r:MaxRequestBodySize=4"]);
        Assert.Equal(413, await PostAsync());

        proxy.Apply([.. settings, "ReverseProxy:Routes:r:MaxRequestBodySize=5"]);

        await Eventually.TrueAsync(async () => await PostAsync() == 200);

        async Task<int> PostAsync()
        {
            using var content = new StringContent("12345");
            using var answer = await proxy.Http.PostAsync("/echo", content);
            return (int)answer.StatusCode;
        }
    }
}
