using System.Text.Json;
using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

/// <summary>RFC 6901, as far as a value within a document is meant.</summary>
public sealed class JsonPointerTests
{
    // The document of RFC 6901, section 5, in part.
    private const string Example = """{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2," ":7,"m~n":8,"~1":9}""";

    [Theory]
    [InlineData("/foo/0", "\"bar\"")]
    [InlineData("/", "0")]
    [InlineData("/a~1b", "1")]
    [InlineData("/c%d", "2")]
    [InlineData("/ ", "7")]
    [InlineData("/m~0n", "8")]
    [InlineData("/~01", "9")]
    public void Find_AValue_IsAtItsPlace(string place, string value) =>
        Assert.Equal(value, Find(place)!.Value.GetRawText());

    [Theory]
    [InlineData("/none")]
    [InlineData("/foo/2")]
    [InlineData("/foo/00")]
    [InlineData("/foo/01")]
    [InlineData("/foo/-")]
    [InlineData("/foo/+1")]
    [InlineData("/foo/99999999999999999999")]
    [InlineData("/foo/0/bar")]
    public void Find_NoValue_IsNull(string place) => Assert.Null(Find(place));

    [Theory]
    [InlineData("")]
    [InlineData("attestation")]
    [InlineData("$.attestation")]
    [InlineData("/a~")]
    [InlineData("/a~2b")]
    [InlineData("/~/~0")]
    public void Parse_OfNoPointer_SaysWhy(string text) =>
        Assert.Contains("is no JSON pointer", JsonPointer.Parse(text).Reason, StringComparison.Ordinal);

    private static JsonElement? Find(string place)
    {
        var (parsed, reason) = JsonPointer.Parse(place);
        Assert.Null(reason);
        using var json = JsonDocument.Parse(Example);
        return parsed.Find(json.RootElement)?.Clone();
    }
}
