using ParentProxy.Tls;

namespace ParentProxy.Tests.Tls;

public sealed class ServerNameTableTests
{
    private static readonly ServerNameTable<int> Table = new(new Dictionary<string, int>
    {
        ["a.example"] = 1,
        ["*.example"] = 2,
        ["*.b.example"] = 3,
        ["c.b.example"] = 4,
        ["db"] = 5,
    });

    [Theory]
    [InlineData("a.example", 1)]
    [InlineData("x.example", 2)]
    [InlineData("b.example", 2)]
    [InlineData("x.a.example", 2)]
    [InlineData("x.b.example", 3)]
    [InlineData("x.y.b.example", 3)]
    [InlineData("c.b.example", 4)]
    [InlineData("x.c.b.example", 3)]
    [InlineData("db", 5)]
    [InlineData("example", 0)]
    [InlineData("x.db", 0)]
    [InlineData("xexample", 0)]
    [InlineData("127.0.0.1", 0)]
    [InlineData(null, 0)]
    public void TryFind_MostSpecific_Wins(string? name, int expected)
    {
        Assert.Equal(expected > 0, Table.TryFind(name, out var found));
        Assert.Equal(expected, found);
    }
}
