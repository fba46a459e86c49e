using System.Buffers.Binary;
using ParentProxy.Egress.Time;
using ParentProxy.Runtime;

namespace ParentProxy.Tests.Egress.Time;

public sealed class NtpPacketTests
{
    private static readonly DateTime Now = new(2026, 11, 29, 20, 0, 0, 500, DateTimeKind.Utc);

    [Theory]
    [InlineData(0x1B, true)]
    [InlineData(0x23, true)]
    [InlineData(0xE3, true)]
    [InlineData(0xDB, true)]
    [InlineData(0x24, false)]
    [InlineData(0x13, false)]
    [InlineData(0x2B, false)]
    [InlineData(0x26, false)]
    [InlineData('t', false)]
    [InlineData('T', false)]
    [InlineData('\n', false)]
    [InlineData('\r', false)]
    public void IsQuestion_FirstByte_TellsClientsOfVersionsThreeAndFour(int first, bool expected) =>
        Assert.Equal(expected, NtpPacket.IsQuestion((byte)first));

    [Fact]
    public void Answer_Synchronized_HasTheKernelsBound()
    {
        var packet = Question(0x1B);
        NtpPacket.Answer(packet, Reading(Now), Reading(Now.AddMilliseconds(250)));

        Assert.Equal(0x1C, packet[0]);
        Assert.Equal((10, 6, -20), (packet[1], packet[2], (sbyte)packet[3]));
        Assert.Equal(0u, BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(4)));
        Assert.Equal(0x4000u, BinaryPrimitives.ReadUInt32BigEndian(packet.AsSpan(8)));
        Assert.Equal(0x0102030405060708u, Timestamp(packet, 24));
        Assert.Equal(0xEEB7_02C0_8000_0000u, Timestamp(packet, 16));
        Assert.Equal(0xEEB7_02C0_8000_0000u, Timestamp(packet, 32));
        Assert.Equal(0xEEB7_02C0_C000_0000u, Timestamp(packet, 40));
    }

    [Theory]
    [InlineData(LeapSecond.None, 0x24)]
    [InlineData(LeapSecond.Insert, 0x64)]
    [InlineData(LeapSecond.Delete, 0xA4)]
    internal void Answer_LeapSecondIsDue_SaysSo(LeapSecond leap, byte expected)
    {
        var packet = Question(0xE3);
        NtpPacket.Answer(packet, Reading(Now), Reading(Now) with { Leap = leap });
        Assert.Equal(expected, packet[0]);
    }

    [Fact]
    public void Answer_NotSynchronized_IsOneThatClientsRefuse()
    {
        var packet = Question(0x23);
        var reading = new ClockReading(Now, TimeSpan.FromSeconds(16), IsSynchronized: false);
        NtpPacket.Answer(packet, reading, reading);

        Assert.Equal((0xE4, 16, 0ul), (packet[0], packet[1], Timestamp(packet, 16)));
    }

    [Fact]
    public void Answer_After2036_BeginsANewEra()
    {
        // Where the 32 bits of seconds since 1900 end (RFC 5905, figure 4).
        var packet = Question(0x23);
        var last = new DateTime(2036, 2, 7, 6, 28, 15, DateTimeKind.Utc);
        NtpPacket.Answer(packet, Reading(last), Reading(last.AddSeconds(1)));

        Assert.Equal((0xFFFF_FFFF_0000_0000u, 0ul), (Timestamp(packet, 32), Timestamp(packet, 40)));
    }

    private static byte[] Question(byte first)
    {
        var packet = new byte[NtpPacket.Length];
        (packet[0], packet[2]) = (first, 6);
        BinaryPrimitives.WriteUInt64BigEndian(packet.AsSpan(40), 0x0102030405060708);
        return packet;
    }

    private static ClockReading Reading(DateTime utc) => new(utc, TimeSpan.FromMilliseconds(250), IsSynchronized: true);

    private static ulong Timestamp(byte[] packet, int at) => BinaryPrimitives.ReadUInt64BigEndian(packet.AsSpan(at));
}
