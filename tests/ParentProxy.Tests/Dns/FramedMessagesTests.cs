using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class FramedMessagesTests
{
    [Fact]
    public void Take_InPiecesOfAnySize_GivesEachMessage()
    {
        ReadOnlyMemory<byte>[] messages = [DnsBytes.Query("a.example"), new byte[5000], DnsBytes.Query("b.example")];
        var bytes = FramedMessages.Frame(messages);
        foreach (var piece in (int[])[1, 3, 512, 10_000])
        {
            var framed = new FramedMessages(5000);
            var taken = new List<byte[]>();
            for (var at = 0; at < bytes.Length;)
            {
                var room = framed.Room();
                var count = Math.Min(Math.Min(piece, room.Length), bytes.Length - at);
                bytes.AsMemory(at, count).CopyTo(room);
                framed.Received(count);
                at += count;
                while (framed.TryTake(out var message))
                    taken.Add(message);
            }

            Assert.Equal(messages.Select(message => message.ToArray()), taken);
            Assert.False(framed.HasPart);
        }
    }

    [Theory]
    [InlineData(11)]
    [InlineData(4097)]
    public void Take_NoLengthOfAMessage_Throws(ushort length)
    {
        var framed = new FramedMessages(4096);
        ((byte[])[(byte)(length >> 8), (byte)length]).CopyTo(framed.Room());
        framed.Received(2);

        Assert.Throws<InvalidDataException>(() => framed.TryTake(out _));
    }
}
