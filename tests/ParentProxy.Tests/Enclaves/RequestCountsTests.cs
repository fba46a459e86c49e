using ParentProxy.Enclaves;

namespace ParentProxy.Tests.Enclaves;

public sealed class RequestCountsTests
{
    [Fact]
    public void Count_TenThousandMethods_AreOneRow()
    {
        var counts = new RequestCounts();
        for (var i = 0; i < 10_000; i++)
            counts.Count($"M{i}", 200);

        Assert.Equal([(RequestCounts.Other, 200, 10_000L)], counts.Read());
    }

    [Fact]
    public void Totals_SumUpAllMethods()
    {
        var counts = new RequestCounts();
        foreach (var (method, code) in new[]
        {
            ("GET", 200),
            ("GET", 399),
            ("HEAD", 400),
            ("GET", 499),
            ("POST", 500),
            ("PATCH", 503),
            ("PATCH", 599),
        })
            counts.Count(method, code);

        Assert.Equal(7, counts.Total);
        Assert.Equal(2, counts.ClientErrors);
        Assert.Equal(3, counts.ServerErrors);
        Assert.Equal([
            ("GET", 200, 1L),
            ("GET", 399, 1L),
            ("GET", 499, 1L),
            ("HEAD", 400, 1L),
            ("POST", 500, 1L),
            ("PATCH", 503, 1L),
            ("PATCH", 599, 1L)], counts.Read());
    }
}
