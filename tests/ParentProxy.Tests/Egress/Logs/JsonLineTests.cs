using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Egress.Logs;

namespace ParentProxy.Tests.Egress.Logs;

public sealed class JsonLineTests
{
    [Theory]
    [InlineData("""{"level":"info"}""", LogLevel.Information)]
    [InlineData("""{"level":"WARN"}""", LogLevel.Warning)]
    [InlineData("""{"lvl":"eror"}""", LogLevel.Error)]
    [InlineData("""{"severity":"CRITICAL"}""", LogLevel.Critical)]
    [InlineData("""{"Level":"Verbose"}""", LogLevel.Trace)]
    [InlineData("""{"@l":"Debug"}""", LogLevel.Debug)]
    [InlineData("""{"log.level":"fatal"}""", LogLevel.Critical)]
    [InlineData("""{"LogLevel":"Information"}""", LogLevel.Information)]
    [InlineData("""{"levelname":"WARNING"}""", LogLevel.Warning)]
    [InlineData("""{"level":10}""", LogLevel.Trace)]
    [InlineData("""{"level":20}""", LogLevel.Debug)]
    [InlineData("""{"level":30}""", LogLevel.Information)]
    [InlineData("""{"level":40}""", LogLevel.Warning)]
    [InlineData("""{"level":50}""", LogLevel.Error)]
    [InlineData("""{"level":60}""", LogLevel.Critical)]
    [InlineData("""{"level":35}""", LogLevel.Information)]
    [InlineData("""{"level":3}""", LogLevel.Information)]
    [InlineData("""{"level":1e999}""", LogLevel.Critical)]
    [InlineData("""{"level":"loud"}""", LogLevel.Information)]
    [InlineData("""{"level":null}""", LogLevel.Information)]
    [InlineData("""{"level":{"level":"error"}}""", LogLevel.Information)]
    [InlineData("""{"level":null,"severity":"error"}""", LogLevel.Error)]
    [InlineData("""{"message":"level"}""", LogLevel.Information)]
    public void Read_Level_IsOurs(string line, LogLevel expected) => Assert.Equal(expected, Read(line)!.Level);

    [Fact]
    public void Read_Fields_AreKeptWithTheirTypes()
    {
        var fields = Read(
            """
             {"text":"a","whole":-9223372036854775808,"large":18446744073709551615,"real":1.5,"huge":123456789012345678901234567890,
            """.ReplaceLineEndings("") + """
            "over":1e999,"yes":true,"no":false,"none":null,"list":[1,[2]],"inner":{"a":{"b":"c"}}} 
            """.ReplaceLineEndings(""))!.Fields;

        Assert.Equal(
            ["text", "whole", "large", "real", "huge", "over", "yes", "no", "none", "list", "inner"], fields.Keys);
        Assert.Equal("a", fields["text"]);
        Assert.Equal(long.MinValue, fields["whole"]);
        Assert.Equal(ulong.MaxValue, fields["large"]);
        Assert.Equal(1.5, fields["real"]);
        Assert.Equal("123456789012345678901234567890", fields["huge"]);
        Assert.Equal("1e999", fields["over"]);
        Assert.Equal(true, fields["yes"]);
        Assert.Equal(false, fields["no"]);
        Assert.Null(fields["none"]);
        Assert.Equal(new List<object?> { 1L, new List<object?> { 2L } }, fields["list"]);
        var inner = Assert.IsType<Dictionary<string, object?>>(Assert.IsType<Dictionary<string, object?>>(fields["inner"])["a"]);
        Assert.Equal("c", inner["b"]);
    }

    [Fact]
    public void Read_HiddenCharacters_AreShown()
    {
        var field = Assert.Single(Read("""{"a\u001bb":"\u2028\u202e\n"}""")!.Fields);
        Assert.Equal((@"a\x1bb", @"\u2028\u202e\x0a"), (field.Key, field.Value));
    }

    [Fact]
    public void Read_SameNameTwice_TakesTheLast() => Assert.Equal(2L, Read("""{"a":1,"a":2}""")!.Fields["a"]);

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{'a':1}")]
    [InlineData("{\"a\":1,}")]
    [InlineData("{\"a\":1} trailing")]
    [InlineData("{\"a\":1}{\"b\":2}")]
    [InlineData("[1,2]")]
    [InlineData("\"text\"")]
    [InlineData("42")]
    [InlineData("{\"a\":\"\\ud800\"}")]
    [InlineData("{\"\\ud800\":1}")]
    [InlineData("{\"a\":NaN}")]
    [InlineData("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}")]
    public void Read_AnythingElse_IsText(string line) => Assert.Null(Read(line));

    [Fact]
    public void Read_NotUtf8_IsText() => Assert.Null(JsonLine.Read((byte[])[.. "{\"a\":\""u8, 0xFF, .. "\"}"u8]));

    [Fact]
    public void Read_TooManyValues_IsText()
    {
        Assert.NotNull(Read($$"""{"a":[{{string.Join(',', Enumerable.Repeat(1, 255))}}]}"""));
        Assert.Null(Read($$"""{"a":[{{string.Join(',', Enumerable.Repeat(1, 256))}}]}"""));
    }

    private static JsonLine? Read(string line) => JsonLine.Read(Encoding.UTF8.GetBytes(line));
}
