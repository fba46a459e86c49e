using System.Buffers;
using ParentProxy.Ingress.Failover;

namespace ParentProxy.Tests.Ingress.Failover;

public sealed class RecordedBodyTests
{
    [Fact]
    public void Add_UpToTheLimit_KeepsEverything()
    {
        using var body = new RecordedBody(10, onlyUnsent: false);
        body.Add(Piece(1, 2, 3));
        body.Sent();
        body.Add(Piece(4, 5, 6, 7, 8, 9, 10));

        Assert.True(body.IsWhole);
        Assert.Equal(Enumerable.Range(1, 10).Select(i => (byte)i), body.Bytes.ToArray());
    }

    [Fact]
    public void Add_AboveTheLimit_GivesUpForGood()
    {
        using var body = new RecordedBody(3, onlyUnsent: false);
        body.Add(Piece(1, 2, 3));
        body.Add(Piece(4));
        body.Add(Piece(5));

        Assert.False(body.IsWhole);
        Assert.True(body.Bytes.IsEmpty);
    }

    [Fact]
    public void Sent_KeptForTheUnsentOnly_GivesUpButLeavesWhatIsBeingRead()
    {
        using var body = new RecordedBody(10, onlyUnsent: true);
        body.Add(Piece(1, 2, 3));
        var bytes = body.Bytes;
        body.Sent();

        Assert.False(body.IsWhole);
        Assert.Equal([1, 2, 3], bytes.ToArray());
        Assert.Equal(bytes, body.Bytes);
        body.Add(Piece(4));
        Assert.True(body.Bytes.IsEmpty);
    }

    private static ReadOnlySequence<byte> Piece(params byte[] bytes) => new(bytes);
}
