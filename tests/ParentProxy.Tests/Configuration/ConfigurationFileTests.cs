using System.Text;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class ConfigurationFileTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("parent-proxy-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_SeveralFiles_ReadsTheFirst()
    {
        string[] files =
            [Write("argument", "/argument"), Write("variable", "/variable"), Write("system", "/system"), Write("shipped", "/shipped")];
        var sources = new ConfigurationSources
        {
            ConfigFile = files[0],
            Environment = new Dictionary<string, string> { ["PARENTPROXY_CONFIG"] = files[1] },
            SystemFile = files[2],
            ShippedFile = files[3],
        };

        ConfigurationSources[] cases =
        [
            sources,
            sources with { ConfigFile = null },
            sources with { ConfigFile = null, Environment = new Dictionary<string, string>() },
            sources with { ConfigFile = null, Environment = new Dictionary<string, string> { ["PARENTPROXY_CONFIG"] = "" } },
            sources with { ConfigFile = null, Environment = new Dictionary<string, string>(), SystemFile = "/nonexistent/a.json" },
        ];
        var results = cases.Select(ConfigurationLoader.Load).ToList();
        Assert.Equal(["/argument", "/variable", "/system", "/system", "/shipped"], results.Select(result => result.Options!.Health.Path));
        Assert.Equal([files[0], files[1], files[2], files[2], files[3]], results.Select(result => result.File));
    }

    [Fact]
    public void Load_NoFileAtAll_IsTheDefaults()
    {
        var result = ConfigurationLoader.Load(TestConfiguration.Sources("PARENTPROXY_ENCLAVE_0_CID=16", "PARENTPROXY_ENCLAVE_0_PORT=1"));
        Assert.Null(result.File);
        Assert.Equal("http://0.0.0.0:6300", result.Options!.Sections["Kestrel:Endpoints:Http:Url"]);
    }

    [Fact]
    public void Load_FileThatWasAskedFor_HasToBeThere()
    {
        var sources = TestConfiguration.Sources("PARENTPROXY_CONFIG=/nonexistent/b.json");
        Assert.Equal(["PARENTPROXY_CONFIG: there is no file '/nonexistent/b.json'"], Problems(sources));
        Assert.Equal(["--config: there is no file '/nonexistent/a.json'"], Problems(sources with { ConfigFile = "/nonexistent/a.json" }));
        Assert.Equal(["--config: there is no file ''"], Problems(sources with { ConfigFile = "" }));
    }

    [Fact]
    public void Load_FileThatCannotBeRead_IsNotPassedOver()
    {
        // A folder can be opened by nobody, not even by root, as whom tests may run.
        var problem = Assert.Single(Problems(TestConfiguration.Sources() with { SystemFile = _folder.FullName }));
        Assert.StartsWith($"{_folder.FullName}: is a folder; name the file in it", problem, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, true)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(false, false)]
    public void Load_Utf16_IsSaidToBeThat(bool bigEndian, bool mark)
    {
        var file = Path.Combine(_folder.FullName, "utf16");
        File.WriteAllText(file, $"{{ {TestConfiguration.OneEnclave} }}", new UnicodeEncoding(bigEndian, mark));
        var problem = Assert.Single(Problems(TestConfiguration.Sources() with { ConfigFile = file }));
        Assert.StartsWith($"{file}: is UTF-16", problem, StringComparison.Ordinal);
        Assert.EndsWith("save it as UTF-8", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_FileThatIsMissing_IsNamedAsTheFile() =>
        Assert.Equal(
            "/nonexistent/a.json",
            ConfigurationLoader.Load(TestConfiguration.Sources() with { ConfigFile = "/nonexistent/a.json" }).File);

    [Fact]
    public void Load_UnreadableFile_StillReportsOtherSources() => Assert.Equal(
        2, Problems(TestConfiguration.Sources("PARENTPROXY_CONFIG=/nonexistent/b.json", "PARENTPROXY_ENCLAVE_0_FOO=1")).Length);

    [Theory]
    [InlineData("{\n  \"Health\": { \"Path\": /x }\n}", "line 2, column 23: ")]
    [InlineData("{ \"Health\": ", "line 1, column 13: ")]
    [InlineData("[]", "has to hold one JSON object")]
    [InlineData("null", "has to hold one JSON object")]
    [InlineData("", "is empty")]
    [InlineData(" \r\n\t", "is empty")]
    [InlineData("{} {}", "line 1, column 4: ")]
    public void Load_NoJsonObject_TellsWhere(string content, string reason)
    {
        var file = WriteText("broken", content);
        var problem = Assert.Single(Problems(TestConfiguration.Sources() with { ConfigFile = file }));
        Assert.StartsWith($"{file}: {reason}", problem, StringComparison.Ordinal);
        Assert.DoesNotContain("LineNumber", problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_TextThatIsNotUtf8_IsReported()
    {
        var file = Path.Combine(_folder.FullName, "latin1");
        File.WriteAllBytes(file, [.. "{ \"Health\": \""u8, 0xE9, .. "\" }"u8]);
        Assert.StartsWith(
            $"{file}: ", Assert.Single(Problems(TestConfiguration.Sources() with { ConfigFile = file })), StringComparison.Ordinal);
        var surrogate = WriteText("surrogate", """{ "Health": { "Path": "\ud800" } }""");
        Assert.EndsWith(
            "not valid UTF-8",
            Assert.Single(Problems(TestConfiguration.Sources() with { ConfigFile = surrogate })),
            StringComparison.Ordinal);
    }

    [Fact]
    public void Load_CommentsTrailingCommasAndByteOrderMark_AreFine()
    {
        var file = Path.Combine(_folder.FullName, "bom");
        File.WriteAllText(
            file,
            $$"""/* a */ { {{TestConfiguration.OneEnclave}}, // b{{"\n"}} "Health": { "Path": "/x", }, }""",
            new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.Equal("/x", ConfigurationLoader.Load(TestConfiguration.Sources() with { ConfigFile = file }).Options!.Health.Path);
    }

    [Theory]
    [InlineData(""" "Health": { "Path": "/a", "PATH": "/b" } """, "Health:PATH: is in the file twice")]
    [InlineData(""" "Health": {}, "health": {} """, "health: is in the file twice")]
    [InlineData(""" "Health:Path": "/a" """, "Health:Path: a key in the file is neither empty nor holds a ':'")]
    [InlineData(""" "": 1 """, ": a key in the file is neither empty")]
    public void Load_AmbiguousKey_IsReported(string json, string problem) =>
        Assert.StartsWith(problem, Assert.Single(TestConfiguration.Refuse(TestConfiguration.WithEnclave(json))), StringComparison.Ordinal);

    [Fact]
    public void Load_NumbersAndBooleansAsText_AreFine()
    {
        var options = TestConfiguration.Accept(TestConfiguration.WithEnclave(
            """ "Health": { "Public": "False", "MinHealthy": "1" }, "Routing": { "HttpVersion": 2, "LoadBalancing":"""
                + """ "leastrequests" }, "Vsock": { "ToHost": "ALWAYS" } """));
        Assert.Equal(
            (false, "2.0", "LeastRequests", ToHostMode.Always),
            (options.Health.Public, options.Routing.HttpVersion.ToString(), options.Routing.LoadBalancing, options.Vsock.ToHost));
    }

    private static string[] Problems(ConfigurationSources sources)
    {
        var result = ConfigurationLoader.Load(sources);
        Assert.Null(result.Options);
        return [.. result.Problems.Select(problem => problem.ToString())];
    }

    private string Write(string name, string path) =>
        WriteText(name, TestConfiguration.WithEnclave($$""" "Health": { "Path": "{{path}}" } """));

    private string WriteText(string name, string content)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, content);
        return file;
    }
}
