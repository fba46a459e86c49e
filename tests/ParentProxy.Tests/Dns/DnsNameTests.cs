using System.Text;
using ParentProxy.Dns;

namespace ParentProxy.Tests.Dns;

public sealed class DnsNameTests
{
    [Theory]
    [InlineData("\u0003WWW\u0007Example\u0003com\0", "www.example.com")]
    [InlineData("\0", ".")]
    [InlineData("\u0001a\0", "a")]
    [InlineData("\u0004_dmA\u0001x\0", "_dma.x")]
    [InlineData("\u0003a.b\u0001c\0", "a\\.b.c")]
    [InlineData("\u0003a\\b\0", "a\\\\b")]
    [InlineData("\u0003a \u00ff\0", "a\\032\\255")]
    [InlineData("\u0001\0\0", "\\000")]
    public void Read_AndWrite_AreEachOthersReverse(string wire, string text)
    {
        var message = Message(Encoding.Latin1.GetBytes(wire));
        var at = DnsMessage.HeaderBytes;

        Assert.True(DnsName.TryRead(message, ref at, out var name));
        Assert.Equal(text, name);
        Assert.Equal(message.Length, at);

        var written = new byte[DnsName.MaxBytes];
        Assert.True(DnsName.TryWrite(text, written, out var length));
        Assert.Equal(wire.ToLowerInvariant(), Encoding.Latin1.GetString(written, 0, length));
    }

    [Fact]
    public void Read_ThroughPointers_GoesOnBehindTheFirst()
    {
        var message = Message([.. DnsBytes.Name("com"), 3, (byte)'f', (byte)'o', (byte)'o', 0xC0, 12, 1, (byte)'b', 0xC0, 17, 0xEE]);
        var at = 23;

        Assert.True(DnsName.TryRead(message, ref at, out var name));
        Assert.Equal("b.foo.com", name);
        Assert.Equal(27, at);
    }

    [Theory]
    [InlineData("C00C")] // To itself.
    [InlineData("0161C00C")] // To the labels before it, which it continues.
    [InlineData("C00D00")] // Forward.
    [InlineData("C000")] // Into the header.
    [InlineData("C00B")]
    [InlineData("4000")] // Neither label nor pointer.
    [InlineData("8000")]
    public void Walk_WhatIsNoName_IsMalformed(string hex)
    {
        var at = DnsMessage.HeaderBytes;

        Assert.Equal(DnsWalk.Malformed, DnsName.Skip(Message(Convert.FromHexString(hex)), ref at));
    }

    [Fact]
    public void Walk_PointersInACircle_IsMalformed()
    {
        // 14 leads to 12, which leads to 14.
        var message = Message([0xC0, 14, 0xC0, 12]);
        var at = 14;

        Assert.Equal(DnsWalk.Malformed, DnsName.Skip(message, ref at));
    }

    [Theory]
    [InlineData(127, (int)DnsWalk.Complete)]
    [InlineData(128, (int)DnsWalk.Malformed)]
    public void Walk_PointersToPointers_AreFollowed127Times(int pointers, int expected)
    {
        // The root, and pointers of which each leads to the one before it.
        byte[] chain = [0, .. Enumerable.Range(0, pointers).SelectMany(i => Pointer(i == 0 ? 12 : 11 + 2 * i))];
        var message = Message(chain);
        var at = message.Length - 2;

        Assert.Equal((DnsWalk)expected, DnsName.Skip(message, ref at));

        static byte[] Pointer(int target) => [(byte)(0xC0 | target >> 8), (byte)target];
    }

    [Theory]
    [InlineData("")]
    [InlineData("02")]
    [InlineData("0261")]
    [InlineData("0161")]
    [InlineData("C0")]
    public void Walk_APart_IsIncomplete(string hex)
    {
        var at = DnsMessage.HeaderBytes;

        Assert.Equal(DnsWalk.Incomplete, DnsName.Skip(Message(Convert.FromHexString(hex)), ref at));
    }

    [Fact]
    public void Names_Of255Bytes_AreTheLongest()
    {
        var label = new string('a', 63);
        var longest = $"{label}.{label}.{label}.{new string('a', 61)}";
        var wire = new byte[DnsName.MaxBytes];
        var at = DnsMessage.HeaderBytes;

        Assert.True(DnsName.TryWrite(longest, wire, out var length));
        Assert.Equal(255, length);
        Assert.True(DnsName.TryRead(Message(wire), ref at, out var name));
        Assert.Equal(longest, name);

        Assert.False(DnsName.TryWrite(longest + "a", wire, out _));
        at = DnsMessage.HeaderBytes;
        Assert.Equal(DnsWalk.Malformed, DnsName.Skip(Message(DnsBytes.Name(longest + "a")), ref at));
    }

    [Theory]
    [InlineData("..")]
    [InlineData(".a")]
    [InlineData("a..b")]
    [InlineData("a\\")]
    [InlineData("a\\25")]
    [InlineData("a\\256")]
    [InlineData("\u0100")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public void Write_WhatIsNoName_IsRefused(string text) => Assert.False(DnsName.TryWrite(text, new byte[DnsName.MaxBytes], out _));

    [Theory]
    [InlineData("a.example.", "a.example")]
    [InlineData("A.Example", "A.Example")]
    public void Write_WithDotAtTheEnd_IsTheSameName(string text, string name)
    {
        var wire = new byte[DnsName.MaxBytes];

        Assert.True(DnsName.TryWrite(text, wire, out var length));
        Assert.Equal(DnsBytes.Name(name), wire[..length]);
    }

    private static byte[] Message(byte[] rest) => [.. new byte[DnsMessage.HeaderBytes], .. rest];
}
