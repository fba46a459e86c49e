using System.Reflection;
using System.Text.Json;
using Microsoft.Extensions.Logging;
using ParentProxy.Admin.StatusPage;
using ParentProxy.Configuration;
using ParentProxy.Endpoints;
using ParentProxy.Tests.Support;
using Yarp.ReverseProxy.Configuration;

namespace ParentProxy.Tests.Admin.StatusPage;

public sealed class EffectiveSettingsTests
{
    [Fact]
    public void Of_ShippedFile_ShowsEachOfItsKeysAtItsDefault()
    {
        var settings = Read([], Path.Combine(AppContext.BaseDirectory, "appsettings.json"));

        string[] own = ["Enclaves:0:Id", "Enclaves:0:Name", "Enclaves:0:Endpoint", "Enclaves:0:Weight", "Enclaves:0:State", "Enclaves:0:Backup"];
        Assert.Equal(own.Order(), settings.Where(setting => !setting.IsDefault).Select(PathOf).Order());
        foreach (var (path, value) in new Dictionary<string, string?>
        {
            ["Admin:AllowedHosts"] = "none",
            ["Admin:Url"] = "http://127.0.0.1:9464",
            ["Discovery:Enabled"] = "false",
            ["Discovery:Pcrs"] = "none",
            ["ForwardedHeaders:TrustedProxies"] = "10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 127.0.0.0/8, ::1/128",
            ["Health:Probe:ExpectedStatus"] = "200-399",
            ["Health:Probe:Host"] = null,
            ["Health:Probe:Type"] = "http",
            ["Kestrel:Endpoints:Http:Url"] = "http://0.0.0.0:6300",
            ["Limits:MaxRequestBodyBytes"] = null,
            ["Log:Format"] = "auto",
            ["Retry:HonorIdempotencyKey"] = "false",
            ["Routing:HttpVersion"] = "1.1",
            ["Routing:QueueTimeout"] = "00:00:05",
            ["Serilog:MinimumLevel:Default"] = "Information",
            ["Serilog:MinimumLevel:Override:Yarp"] = "Error",
            ["Vsock:ToHost"] = "auto",
        })
        {
            Assert.Equal((path, value), (path, Assert.Single(settings, setting => PathOf(setting) == path).Value));
        }
    }

    [Fact]
    public void Of_RoutesAndSinks_ShowsThemWithoutSecrets()
    {
        var settings = Read(
        [
            new("Routing:HttpVersion", "2"),
            new("ReverseProxy:Routes:api:ClusterId", "backend"),
            new("ReverseProxy:Routes:api:Match:Path", "/api/{**rest}"),
            new("ReverseProxy:Routes:api:Transforms:0:RequestHeader", "X-Upstream"),
            new("ReverseProxy:Routes:api:Transforms:0:Set", "hunter2"),
            new("ReverseProxy:Clusters:backend:Destinations:one:Address", "unix:/run/one.sock"),
            new("Serilog:WriteTo:0:Name", "File"),
            new("Serilog:WriteTo:0:Args:path", "/var/log/hunter2"),
        ]).ToDictionary(PathOf, setting => setting.Value);

        Assert.Equal("2", settings["Routing:HttpVersion"]);
        Assert.Equal("/api/{**rest}", settings["ReverseProxy:Routes:api:Match:Path"]);
        Assert.Equal("X-Upstream", settings["ReverseProxy:Routes:api:Transforms:0:RequestHeader"]);
        Assert.Equal("unix:/run/one.sock", settings["ReverseProxy:Clusters:backend:Destinations:one:Address"]);
        Assert.Equal("File", settings["Serilog:WriteTo:0:Name"]);
        Assert.DoesNotContain(settings.Values, value => value?.Contains("hunter2", StringComparison.Ordinal) == true);
        Assert.Equal(Redaction.Mark, settings["ReverseProxy:Routes:api:Transforms:0:Set"]);
    }

    [Fact]
    public void Of_EverySectionOfTheOptions_IsShown()
    {
        var shown = Read([]).Select(setting => setting.Section).ToHashSet();

        // What is read of Kestrel's section is shown there, as it was written.
        string[] ofKestrel = [nameof(ProxyOptions.Sections), nameof(ProxyOptions.EndpointProxyProtocol)];
        Assert.All(
            typeof(ProxyOptions).GetProperties().Select(property => property.Name).Except(ofKestrel),
            section => Assert.Contains(section, shown));
        Assert.Contains("Kestrel", shown);
        Assert.Contains("Serilog", shown);
    }

    [Theory]
    [InlineData(typeof(ProxyOptions))]
    [InlineData(typeof(RouteConfig))]
    [InlineData(typeof(ClusterConfig))]
    public void Of_EveryEnumOfTheOptions_IsShownAsAWord(Type options)
    {
        // An endpoint is written as its URI, and the log's levels have words of their own.
        var enums = Members(options, [typeof(EnclaveEndpoint)])
            .Where(type => type.IsEnum)
            .Except([typeof(LogFormat), typeof(LogLevel)])
            .ToList();

        Assert.NotEmpty(enums);
        Assert.All(enums, type =>
        {
            var value = Enum.GetValues(type).GetValue(0)!;
            Assert.Equal(
                JsonNamingPolicy.CamelCase.ConvertName(value.ToString()!),
                JsonSerializer.SerializeToElement(value, type, SettingsJson.Written).GetString());
        });
    }

    /// <summary>The types of all properties, of those of these types, and so on.</summary>
    private static HashSet<Type> Members(Type type, HashSet<Type> seen)
    {
        var own = Nullable.GetUnderlyingType(type) ?? type;
        if (!seen.Add(own))
            return seen;
        foreach (var argument in own.GetGenericArguments())
            Members(argument, seen);
        if (own.Namespace?.StartsWith("System", StringComparison.Ordinal) != true)
        {
            foreach (var property in own.GetProperties(BindingFlags.Public | BindingFlags.Instance))
                Members(property.PropertyType, seen);
        }

        return seen;
    }

    private static string PathOf(Setting setting) => setting.Key.Length == 0 ? setting.Section : $"{setting.Section}:{setting.Key}";

    private static IReadOnlyList<Setting> Read(IEnumerable<KeyValuePair<string, string>> settings, string? file = null)
    {
        var enclave = TestProxy.Enclave(0, "unix:/run/app.sock")
            .Select(setting => setting.Split('='))
            .Select(pair => new KeyValuePair<string, string>(pair[0], pair[1]));
        var result = ConfigurationLoader.Load(new ConfigurationSources
        {
            ConfigFile = file,
            CommandLine = [.. enclave, .. settings],
            SystemFile = null,
            ShippedFile = null,
        });
        Assert.True(result.Options is not null, string.Join('\n', result.Problems));
        return EffectiveSettings.Of(result.Options);
    }
}
