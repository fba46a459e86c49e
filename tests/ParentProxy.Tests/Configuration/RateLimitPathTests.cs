using ParentProxy.Configuration;

namespace ParentProxy.Tests.Configuration;

public sealed class RateLimitPathTests
{
    [Theory]
    [InlineData("/", "/")]
    [InlineData("//", "/")]
    [InlineData("/a", "/a")]
    [InlineData("/a/", "/a")]
    [InlineData("//a///b//", "/a/b")]
    [InlineData("/./a/.", "/a")]
    [InlineData("/a/..", "/")]
    [InlineData("/../../a", "/a")]
    [InlineData("/a/b/../c", "/a/c")]
    [InlineData("/a/%2e%2E/b", "/b")]
    [InlineData("/%61", "/a")]
    [InlineData("/a%2Fb", "/a/b")]
    [InlineData("/%2561", "/%61")]
    [InlineData("/a%", "/a%")]
    [InlineData("/a%4", "/a%4")]
    [InlineData("/a%zz%+1", "/a%zz%+1")]
    [InlineData("/%c3%A9", "/\u00C3\u00A9")]
    [InlineData("/a;v=1/b;w", "/a/b")]
    [InlineData("/;a/b", "/b")]
    [InlineData("/..;/a", "/a")]
    [InlineData("/a#b/c", "/a")]
    [InlineData("/\\a\\b", "/a/b")]
    [InlineData("/...", "/...")]
    [InlineData("/A", "/A")]
    [InlineData("a", "/a")]
    [InlineData("", "/")]
    public void Normalize_Path_HasOneForm(string path, string normal)
    {
        var buffer = new char[RateLimitPath.BufferLength(path.Length)];

        var length = RateLimitPath.Normalize(path, buffer);

        Assert.Equal(normal, new string(buffer, 0, length));
    }

    [Theory]
    [InlineData("/a", "/a", false)]
    [InlineData("/a/", "/a", false)]
    [InlineData("/a*", "/a", true)]
    [InlineData("/a/*", "/a/", true)]
    [InlineData("//a//*", "/a/", true)]
    [InlineData("/*", "/", true)]
    public void Of_Configured_KeepsTheSlashBeforeAnAsterisk(string configured, string normal, bool isPrefix) =>
        Assert.Equal((normal, isPrefix), RateLimitPath.Of(configured));
}
