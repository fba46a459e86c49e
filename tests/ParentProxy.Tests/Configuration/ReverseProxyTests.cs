namespace ParentProxy.Tests.Configuration;

public sealed class ReverseProxyTests
{
    private const string Cluster = """ "c": { "Destinations": { "d": { "Address": "vsock://17:1" } } } """;

    private static string Json(string clusters, string routes = "") => TestConfiguration.WithEnclave(
        $$""" "ReverseProxy": { "Clusters": { {{clusters}} }, "Routes": { {{routes}} } } """);

    [Theory]
    [InlineData(""" "HealthCheck": {} """, "HealthCheck", "Health:Probe")]
    [InlineData(""" "HttpClient": {} """, "HttpClient", "Routing")]
    [InlineData(""" "HttpRequest": {} """, "HttpRequest", "Timeouts")]
    [InlineData(""" "LoadBalancingPolicy": "Fastest" """, "LoadBalancingPolicy", "PowerOfTwoChoices")]
    [InlineData(""" "LoadBalancing": "Random" """, "LoadBalancing", "unknown key")]
    [InlineData(
        """ "SessionAffinity": { "Policy": "Hash", "AffinityKeyName": "k" } """,
        "SessionAffinity:Policy",
        "HashCookie, Cookie, ArrCookie, CustomHeader")]
    [InlineData(
        """ "SessionAffinity": { "Enabled": "ja", "Policy": "Cookie", "AffinityKeyName": "k" } """,
        "SessionAffinity:Enabled",
        "neither true nor false")]
    [InlineData(
        """ "SessionAffinity": { "Enabled": true, "Policy": "Cookie", "AffinityKeyName": "k", "Cookie": { "SameSite": "Loose" } } """,
        "SessionAffinity:Cookie:SameSite",
        "Lax")]
    [InlineData(""" "Metadata": { "a": {} } """, "Metadata:a", "is an object, not a value")]
    public void Load_ClusterWithAMistake_IsReportedAtItsKey(string extra, string key, string reason) =>
        AssertOne(
            Json($$""" "c": { "Destinations": { "d": { "Address": "vsock://17:1" } }, {{extra}} } """),
            $"ReverseProxy:Clusters:c:{key}",
            reason);

    [Theory]
    [InlineData(""" { "Address": "enclave://none" } """, ":Address", "names no enclave")]
    [InlineData(""" { "Address": "enclave://" } """, ":Address", "names no enclave")]
    [InlineData(""" { "Address": "http://localhost:5000" } """, ":Address", "names no enclave")]
    [InlineData(""" { "Address": "vsock://0:1" } """, ":Address", "CID 0")]
    [InlineData(""" { "Address": "tcp://h:65536" } """, ":Address", "65535")]
    [InlineData(""" { } """, ":Address", "is missing")]
    [InlineData(""" { "Address": "vsock://17:1", "Health": "vsock://17:2" } """, ":Health", "Health:Probe:Port")]
    [InlineData(""" { "Address": "vsock://17:1", "Weight": "2" } """, ":Weight", "unknown key")]
    public void Load_DestinationWithAMistake_IsReportedAtItsKey(string destination, string key, string reason) =>
        AssertOne(
            Json($$""" "c": { "Destinations": { "d": {{destination}} } } """), $"ReverseProxy:Clusters:c:Destinations:d{key}", reason);

    [Theory]
    [InlineData(""" "c": { } """, "ReverseProxy:Clusters:c:Destinations", "at least one")]
    [InlineData(
        """ "Enclaves": { "Destinations": { "d": { "Address": "vsock://17:1" } } } """,
        "ReverseProxy:Clusters:Enclaves",
        "stands for the enclaves")]
    [InlineData(
        """ "c": { "Destinations": { "d": { "Address": "vsock://17:1" }, "e": { "Address": "VSOCK://17:1" } } } """,
        "ReverseProxy:Clusters:c:Destinations:e",
        "vsock://17:1")]
    [InlineData(
        """ "c": { "Destinations": { "d": { "Address": "vsock://16:6300" }, "e": { "Address": "enclave://*" } } } """,
        "ReverseProxy:Clusters:c:Destinations:e",
        "vsock://16:6300")]
    [InlineData(
        """ "a/b": { "Destinations": { "c": { "Address": "vsock://17:1" } } }, "a": { "Destinations": { "b/c": {"""
            + """ "Address": "vsock://18:1" } } } """,
        "ReverseProxy:Clusters:a:Destinations:b/c",
        "a/b/c")]
    public void Load_ClustersWithAMistake_AreReported(string clusters, string path, string reason) =>
        AssertOne(Json(clusters), path, reason);

    [Theory]
    [InlineData(""" "ClusterId": "d", "Match": { "Path": "/" } """, ":ClusterId", "there is no cluster 'd'")]
    [InlineData(""" "Match": { "Path": "/" } """, ":ClusterId", "is missing")]
    [InlineData(""" "ClusterId": "c" """, "", "requires Hosts or Path")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/{a" } """, "", "Invalid path")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/", "Method": "GET" } """, ":Match:Method", "did you mean Methods?")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/", "Methods": "GET" } """, ":Match:Methods", "is a value, not a list")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/", "Methods": [ "GET", "GET" ] } """, "", "GET")]
    [InlineData(
        """ "ClusterId": "c", "Match": { "Path": "/", "Headers": [ { "Name": "a", "Mode": "Sometimes" } ] } """,
        ":Match:Headers:0:Mode",
        "ExactHeader")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/", "Headers": [ { "Name": "a" } ] } """, "", "'a'")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "Order": "first" """, ":Order", "whole number")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "Transforms": [ { "Fly": "1" } ] """, "", "Unknown transform")]
    [InlineData(
        """ "ClusterId": "c", "Match": { "Path": "/" }, "Transforms": [ "PathPrefix" ] """, ":Transforms:0", "is a value, not an object")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "Timeout": "00:00:05" """, ":Timeout", "Timeouts")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "TimeoutPolicy": "x" """, ":TimeoutPolicy", "Timeouts")]
    [InlineData(
        """ "ClusterId": "c", "Match": { "Path": "/" }, "AuthorizationPolicy": "x" """, ":AuthorizationPolicy", "policies are code")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "RateLimiterPolicy": "x" """, ":RateLimiterPolicy", "policies are code")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "CorsPolicy": "x" """, ":CorsPolicy", "policies are code")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "OutputCachePolicy": "x" """, ":OutputCachePolicy", "policies are code")]
    [InlineData(""" "ClusterId": "c", "Match": { "Path": "/" }, "RouteId": "x" """, ":RouteId", "name of its object")]
    public void Load_RouteWithAMistake_IsReported(string route, string key, string reason) =>
        AssertOne(Json(Cluster, $$""" "r": { {{route}} } """), $"ReverseProxy:Routes:r{key}", reason);

    [Fact]
    public void Load_AffinityWithoutAKeyName_IsReported() => AssertOne(
        Json(""" "c": { "Destinations": { "d": { "Address": "vsock://17:1" } }, "SessionAffinity": { "Enabled": true } } """),
        "ReverseProxy:Clusters:c",
        "Affinity key name");

    [Fact]
    public void Load_UnknownKeyOfTheSection_IsReported() =>
        AssertOne(TestConfiguration.WithEnclave(""" "ReverseProxy": { "Route": {} } """), "ReverseProxy:Route", "did you mean Routes?");

    [Fact]
    public void Load_RouteToOurClusterWithoutEnclaves_IsReported() => Assert.Contains(
        TestConfiguration.Refuse(
            $$"""{ "ReverseProxy": { "Clusters": { {{Cluster}} }, "Routes": { "r": { "ClusterId": "enclaves","""
                + $$""" "Match": { "Path": "/" } } } } }"""),
        problem => problem.Contains("there is no cluster 'enclaves'", StringComparison.Ordinal));

    [Fact]
    public void Load_GoodSection_IsWhatYarpReads()
    {
        var options = TestConfiguration.Accept(
            """
            {
              "Enclaves": [ { "Id": "p-0", "Name": "Proof", "Cid": 16, "Port": 1 }, { "Id": "p-1", "Cid": 17, "Port": 1 } ],
              "ReverseProxy": {
                "Clusters": {
                  "cluster1": {
                    "LoadBalancingPolicy": "leastrequests", "Metadata": { "k": "v" },
                    "SessionAffinity": { "Enabled": true, "Policy": "Cookie", "AffinityKeyName": "k",
                      "Cookie": { "MaxAge": "1.00:00:00", "SameSite": "Lax" } },
                    "Destinations": { "cluster1/destination1": { "Address": "enclave://P-*" },
                      "b": { "Address": "unix:/a.sock", "Host": "b.example" } }
                  },
                  "c": { "Destinations": { "a": { "Address": "enclave://proof" } } }
                },
                "Routes": {
                  "r": {
                    "ClusterId": "CLUSTER1", "Order": -1, "MaxRequestBodySize": -1, "Metadata": { "k": "v" },
                    "Match": { "Path": "/a/{**rest}", "Methods": [ "GET" ], "Hosts": [ "a.example" ],
                      "Headers": [ { "Name": "x", "Values": [ "1", "2" ], "Mode": "HeaderPrefix" } ],
                      "QueryParameters": [ { "Name": "q", "Mode": "Exists" } ] },
                    "Transforms": [ { "PathRemovePrefix": "/a" }, { "RequestHeader": "h", "Set": "v" } ]
                  },
                  "ours": { "ClusterId": "enclaves", "Match": { "Path": "/b" } }
                }
              }
            }
            """,
            "ReverseProxy__Routes__r__Match__Methods__0=POST");

        var route = options.ReverseProxy.Routes.Single(route => route.RouteId == "r");
        Assert.Equal(
            ("CLUSTER1", -1, -1L, "/a/{**rest}", 2),
            (route.ClusterId, route.Order!.Value, route.MaxRequestBodySize!.Value, route.Match.Path, route.Transforms!.Count));
        Assert.Equal(["POST"], route.Match.Methods!);
        Assert.Equal(["1", "2"], route.Match.Headers![0].Values!);
        var cluster = options.ReverseProxy.Clusters.Single(cluster => cluster.ClusterId == "cluster1");
        Assert.Equal("enclave://P-*", cluster.Destinations!["cluster1/destination1"].Address);
        Assert.Equal(TimeSpan.FromDays(1), cluster.SessionAffinity!.Cookie!.MaxAge);
    }

    [Fact]
    public void Load_ClusterWithoutEnclaves_IsSomethingToForwardTo() =>
        TestConfiguration.Accept(
            $$"""{ "ReverseProxy": { "Clusters": { {{Cluster}} }, "Routes": { "r": { "ClusterId": "c", "Match": {"""
                + $$""" "Path": "/{**x}" } } } } }""");

    private static void AssertOne(string json, string path, string reason)
    {
        var problem = Assert.Single(TestConfiguration.Refuse(json));
        Assert.StartsWith($"{path}: ", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }
}
