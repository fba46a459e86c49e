using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using ParentProxy.Configuration.Sections;
using ParentProxy.Tests.Configuration;

namespace ParentProxy.Tests.Documents;

/// <summary>docs/configuration.md lists every setting, with its default, and no other.</summary>
public sealed partial class ConfigurationReferenceTests
{
    private const string Reference = "docs/configuration.md";

    /// <summary>Sections whose keys are another program's, or of an operator's own choice.</summary>
    private static readonly string[] Foreign = ["Kestrel", "ReverseProxy", "Serilog"];

    private static readonly JsonDocumentOptions Lenient = new()
    {
        CommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    public static TheoryData<string> Sections =>
        [.. ConfigurationKeysTests.Read().Where(key => !key.Contains(':', StringComparison.Ordinal))];

    [Theory]
    [MemberData(nameof(Sections))]
    public void EveryKey_IsInItsSection(string section)
    {
        var words = Repository.Document(Reference).CodeBelow(section)
            .SelectMany(code => Word().Matches(code)).Select(match => match.Value).ToHashSet();
        var keys = ConfigurationKeysTests.Read().Where(key => key.StartsWith(section + ':', StringComparison.Ordinal));

        Assert.Equal([], keys.Where(key => !words.Contains(key[(key.LastIndexOf(':') + 1)..])));
    }

    [Theory]
    [MemberData(nameof(Sections))]
    public void EveryRow_IsAKey(string section)
    {
        if (Foreign.Contains(section))
            return;
        var known = ConfigurationKeysTests.Read();
        var prefix = section is "Enclaves" or "Passthrough" ? $"{section}:*:" : section + ':';

        Assert.Equal([], Rows(section).SelectMany(row => row.Names).Where(name => !known.Contains(prefix + name)));
    }

    /// <summary>appsettings.json holds every key at its default, which another test shows.</summary>
    [Theory]
    [MemberData(nameof(Sections))]
    public void EveryDefault_IsThatOfTheProgram(string section)
    {
        using var shipped = JsonDocument.Parse(File.ReadAllText(Repository.FullPath("appsettings.json")), Lenient);
        var wrong = new List<string>();
        foreach (var (key, value) in Leaves(shipped.RootElement.GetProperty(section), ""))
        {
            var row = Rows(section).FirstOrDefault(row => row.Names.Any(name => Covers(name, key)));
            if (row is null || !Says(row, value))
                wrong.Add($"{section}:{key} is {value}");
        }

        Assert.Equal([], wrong);
    }

    [Fact]
    public void DefaultsOfEnclaves_AreThoseOfTheProgram()
    {
        var enclave = Assert.Single(TestConfiguration.Accept(""" { "Enclaves": [ { "Cid": 16, "Port": 6300 } ] } """).Enclaves);
        var rows = Rows("Enclaves").ToDictionary(row => row.Names[0], row => row.Plain(1));

        Assert.Equal("0", enclave.Id);
        Assert.Equal("position, from 0", rows["Id"]);
        Assert.Equal(enclave.Id, enclave.Name);
        Assert.Equal("the Id", rows["Name"]);
        Assert.Equal(enclave.Endpoint.Transport.ToString(), rows["Transport"], ignoreCase: true);
        Assert.Equal($"{enclave.Weight}", rows["Weight"]);
        Assert.Equal($"{enclave.State}", rows["State"], ignoreCase: true);
        Assert.Equal($"{enclave.Backup}", rows["Backup"], ignoreCase: true);
    }

    /// <summary>Wherever a document names a setting with its section, there is one.</summary>
    [Theory]
    [MemberData(nameof(LinkTests.Documents), MemberType = typeof(LinkTests))]
    public void SettingsThatAreNamed_Exist(string path)
    {
        var named = Repository.Document(path).Code
            .Select(code => code.Replace("__", ":", StringComparison.Ordinal).TrimStart('-'))
            .SelectMany(code => Setting().Matches(code)).Select(match => match.Value)
            .Where(name => ConfigurationSchema.SectionNames.Contains(name.Split(':')[0]));

        Assert.Equal([], named.Where(name => !Exists(name.Split(':'))).Distinct());
    }

    private static IEnumerable<TableRow> Rows(string section) =>
        Repository.Document(Reference).RowsBelow(section).Where(row => row.Header == "key");

    private static bool Says(TableRow row, string value)
    {
        // The table of ReverseProxy says first what an entry may hold; a row for names of any kind tells of several.
        var name = row.Names[0];
        var text = row.Plain(name.Split(':')[0] is "Routes" or "Clusters" ? 2 : 1);
        return name.Contains('<', StringComparison.Ordinal) ? text.Contains(value, StringComparison.Ordinal) : text == value;
    }

    private static bool Covers(string name, string key)
    {
        var (pattern, path) = (name.Split(':'), key.Split(':'));
        return pattern.Length >= path.Length
            && pattern.Zip(path).All(pair => pair.First == pair.Second || pair.First.StartsWith('<'))
            && pattern.Skip(path.Length).All(segment => segment.StartsWith('<'));
    }

    private static IEnumerable<(string Key, string Value)> Leaves(JsonElement element, string path)
    {
        if (element.ValueKind == JsonValueKind.Object && element.EnumerateObject().Any())
        {
            return element.EnumerateObject()
                .SelectMany(property => Leaves(property.Value, path.Length == 0 ? property.Name : $"{path}:{property.Name}"));
        }

        return path.Length == 0 ? [] : [(path, Written(element))];
    }

    private static string Written(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Array when element.EnumerateArray().Any(item => item.ValueKind == JsonValueKind.Object) =>
            string.Join(' ', element.GetRawText().Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)),
        JsonValueKind.Array when element.GetArrayLength() > 0 =>
            string.Join(", ", element.EnumerateArray().Select(item => item.GetString())),
        JsonValueKind.String => element.GetString()!,
        JsonValueKind.Null => "null",
        _ => element.GetRawText(),
    };

    private static bool Exists(string[] path) => path switch
    {
        ["Kestrel", "Limits", var key, ..] => typeof(KestrelServerLimits).GetProperty(key) is not null,
        ["Serilog", "WriteTo", ..] or ["Serilog", "MinimumLevel", "Override", ..] => true,
        _ => ConfigurationSchema.Keys.Contains(path, StringComparison.Ordinal),
    };

    [GeneratedRegex(@"\w+")]
    private static partial Regex Word();

    [GeneratedRegex(@"(?<![\w:./-])[A-Z][A-Za-z]+(?::\w+)+")]
    private static partial Regex Setting();
}
