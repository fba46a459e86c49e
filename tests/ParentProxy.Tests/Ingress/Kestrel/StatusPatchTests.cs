using System.Text;
using ParentProxy.Ingress.Kestrel;

namespace ParentProxy.Tests.Ingress.Kestrel;

/// <summary>A 205 on the wire where Kestrel wrote its stand-in, and nothing else changed, however the bytes are cut.</summary>
public sealed class StatusPatchTests
{
    private const string Settings = "\0\0\u0006\u0004\0\0\0\0\0\0\u0003\0\0\0d";

    private static readonly string StandIn = "\u0008\u0003605";

    public static TheoryData<string, string> Heads => new()
    {
        { "HTTP/1.1 605 Reset Content\r\nX: 605\r\n\r\n605", "HTTP/1.1 205 Reset Content\r\nX: 605\r\n\r\n605" },
        { "HTTP/1.1 500 Internal Server Error\r\n\r\n", "HTTP/1.1 500 Internal Server Error\r\n\r\n" },
        { "HTTP/1.1 200 605\r\n\r\n", "HTTP/1.1 200 605\r\n\r\n" },
    };

    public static TheoryData<string, string> Frames => new()
    {
        // Plain, behind one and two sizes of the table, a size of several bytes, and as a literal of each kind.
        { Frame(1, StandIn + "\u0000\u0001a\u0001b"), Frame(1, "\u0008\u0003205\u0000\u0001a\u0001b") },
        { Frame(1, " " + StandIn), Frame(1, " \u0008\u0003205") },
        { Frame(1, " ?\u00e1\u001f" + StandIn), Frame(1, " ?\u00e1\u001f\u0008\u0003205") },
        { Frame(1, "\u0018\u0003605"), Frame(1, "\u0018\u0003205") },
        { Frame(1, "H\u0003605"), Frame(1, "H\u0003205") },
        { Frame(1, "\u000e\u0003605"), Frame(1, "\u000e\u0003205") },

        // Another status, known or not; a field that is none; trailers; bodies and other frames.
        { Frame(1, "\u0088\u0008\u0003605"), Frame(1, "\u0088\u0008\u0003605") },
        { Frame(1, "\u0008\u0003599"), Frame(1, "\u0008\u0003599") },
        { Frame(1, "\u0000\u0003605\u0003605"), Frame(1, "\u0000\u0003605\u0003605") },
        { Frame(1, "\u0007\u0003605"), Frame(1, "\u0007\u0003605") },
        { Frame(0, StandIn) + Frame(9, StandIn), Frame(0, StandIn) + Frame(9, StandIn) },
        { Frame(1, "") + Frame(0, "") + Frame(1, StandIn), Frame(1, "") + Frame(0, "") + Frame(1, "\u0008\u0003205") },
        {
            Frame(0, new string('x', 300)) + Frame(1, StandIn) + Frame(0, StandIn),
            Frame(0, new string('x', 300)) + Frame(1, "\u0008\u0003205") + Frame(0, StandIn) },
    };

    [Theory]
    [MemberData(nameof(Heads))]
    public void StatusLine_Expected_IsPatchedOnce(string written, string sent)
    {
        foreach (var size in (int[])[1, 2, 5, 9, 10, 12, 1000])
        {
            var patch = new StatusPatch();
            Assert.Equal(written, Apply(patch, written, size));
            patch.ExpectHead();
            Assert.Equal(sent, Apply(patch, written, size));
            Assert.Equal(written, Apply(patch, written, size));
        }
    }

    [Theory]
    [MemberData(nameof(Frames))]
    public void Frames_WithTheStandIn_ArePatched(string written, string sent)
    {
        foreach (var size in (int[])[1, 2, 5, 9, 10, 14, 1000])
            Assert.Equal(Settings + sent + sent, Apply(new StatusPatch(), Settings + written + written, size));
    }

    [Fact]
    public void Tls_IsLeftAlone()
    {
        var record = "\u0016\u0003\u0003\0\u0020" + Frame(1, StandIn);

        Assert.Equal(record, Apply(new StatusPatch(), record, 3));
    }

    private static string Frame(int type, string payload) =>
        $"\0{(char)(payload.Length >> 8)}{(char)(payload.Length & 0xFF)}{(char)type}\u0004\0\0\0\u0001{payload}";

    private static string Apply(StatusPatch patch, string written, int size)
    {
        var bytes = Encoding.Latin1.GetBytes(written);
        for (var at = 0; at < bytes.Length; at += size)
            patch.Apply(bytes.AsSpan(at, Math.Min(size, bytes.Length - at)));
        return Encoding.Latin1.GetString(bytes);
    }
}
