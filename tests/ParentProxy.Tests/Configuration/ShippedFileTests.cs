using System.Collections;
using System.Net;
using System.Reflection;
using Microsoft.Extensions.Configuration;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Configuration.Sources;

namespace ParentProxy.Tests.Configuration;

/// <summary>appsettings.json is documentation that the program reads: it may not say anything but the truth.</summary>
public sealed class ShippedFileTests
{
    private static readonly string File = Path.Combine(AppContext.BaseDirectory, "appsettings.json");
    private static readonly string[] Enclave = ["PARENTPROXY_ENCLAVE_0_CID=16", "PARENTPROXY_ENCLAVE_0_PORT=6300"];

    [Fact]
    public void Load_ShippedFile_IsExactlyTheDefaults()
    {
        var shipped = ConfigurationLoader.Load(TestConfiguration.Sources(Enclave) with { ShippedFile = File });
        Assert.Empty(shipped.Problems);
        Assert.Equal(File, shipped.File);
        var defaults = TestConfiguration.Accept(null, Enclave);
        Assert.Equal(
            Describe(defaults, "").Where(line => !line.StartsWith(":Sections:Serilog", StringComparison.Ordinal)),
            Describe(shipped.Options!, "").Where(line => !line.StartsWith(":Sections:Serilog", StringComparison.Ordinal)));
        Assert.Empty(RestartOnlyChanges.Between(defaults, shipped.Options!));
    }

    [Fact]
    public void ShippedFile_ForwardsNowhere() => Assert.Equal(
        ["Enclaves"],
        ConfigurationLoader.Load(TestConfiguration.Sources() with { ShippedFile = File }).Problems.Select(problem => problem.Path));

    [Fact]
    public void ShippedFile_HoldsEveryKeyOfOurs()
    {
        var tree = JsonTree.Read(File, System.IO.File.ReadAllBytes(File), new ConfigurationReport())!;
        var ours = ConfigurationKeysTests.Read().Where(
            key => !key.Contains('*', StringComparison.Ordinal) && !key.StartsWith("Kestrel:", StringComparison.Ordinal));
        Assert.DoesNotContain(ours, key => !Holds(tree, key));
    }

    private static bool Holds(ConfigurationNode tree, string path)
    {
        foreach (var segment in path.Split(':'))
        {
            var child = tree.Child(segment);
            if (!tree.Children.Contains(child))
                return false;
            tree = child;
        }

        return true;
    }

    private static IEnumerable<string> Describe(object? value, string path) => value switch
    {
        null or string or IPNetwork or Version => [$"{path}={value}"],
        IConfiguration sections => sections
            .AsEnumerable()
            .Where(pair => pair.Value is not null)
            .Select(pair => $"{path}:{pair.Key}={pair.Value}")
            .Order(StringComparer.Ordinal),
        IDictionary map => map.Keys.Cast<string>().Order(StringComparer.Ordinal).Select(key => $"{path}:{key}={map[key]}"),
        IEnumerable list => list.Cast<object>().SelectMany((item, i) => Describe(item, $"{path}:{i}")),
        _ when value.GetType().Namespace == typeof(ProxyOptions).Namespace && !value.GetType().IsEnum && value is not StatusRanges =>
            value
                .GetType()
                .GetProperties(BindingFlags.Public | BindingFlags.Instance)
                .SelectMany(property => Describe(property.GetValue(value), $"{path}:{property.Name}")),
        _ => [$"{path}={value}"],
    };
}
