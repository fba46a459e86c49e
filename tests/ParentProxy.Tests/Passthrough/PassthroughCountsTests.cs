using ParentProxy.Passthrough;

namespace ParentProxy.Tests.Passthrough;

public sealed class PassthroughCountsTests
{
    [Fact]
    public void Counts_OfEachKind_AreToldApart()
    {
        var counts = new PassthroughCounts();
        counts.Count("a", ConnectionEnd.Client);
        counts.Count("A", ConnectionEnd.Client);
        counts.Count("b", ConnectionEnd.Stalled);
        counts.Count(PassthroughRefusal.Limit);
        counts.Count(PassthroughRefusal.Limit);
        counts.Count(PassthroughRefusal.Stopped);
        counts.Add(3, 0);
        counts.Add(4, 5);

        Assert.Equal(
            [("a", ConnectionEnd.Client, 2L), ("b", ConnectionEnd.Stalled, 1L)],
            counts.Ended.OrderBy(ended => ended.Enclave, StringComparer.Ordinal));
        Assert.Equal((3L, 3L, 2L, 0L), (
            counts.TotalEnded, counts.TotalRefused, counts.Of(PassthroughRefusal.Limit), counts.Of(PassthroughRefusal.NoEnclave)));
        Assert.Equal((7L, 5L), (counts.BytesFromClients, counts.BytesFromEnclaves));
    }

    /// <summary>Labels and sentences are promises, and no two mean the same.</summary>
    [Fact]
    public void Terms_OfEachEndAndRefusal_AreTheirOwn()
    {
        Assert.Equal(
            ["client", "enclave", "client_reset", "enclave_reset", "idle", "half_closed", "stalled", "enclave_left", "stopped", "fault"],
            ConnectionEnds.All.Select(ConnectionEnds.Word));
        Assert.Equal(
            ["limit", "source_limit", "proxy_protocol", "client_hello", "server_name", "preread_timeout", "no_enclave", "stopped"],
            PassthroughRefusals.All.Select(PassthroughRefusals.Word));
        Assert.Equal(ConnectionEnds.All.Count, ConnectionEnds.All.Select(end => ConnectionEnds.Sentence(end, "EPIPE")).Distinct().Count());
        Assert.Equal(
            [ConnectionEnd.Client, ConnectionEnd.Enclave, ConnectionEnd.Idle], ConnectionEnds.All.Where(ConnectionEnds.IsOrderly));
    }
}
