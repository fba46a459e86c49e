using System.Text;

namespace ParentProxy.Tests.Telemetry.AccessLog;

/// <summary>Texts that are meant to break a line, or to make two of it.</summary>
public static class HostileText
{
    public static TheoryData<string> All =>
    [
        "\"", "\\", "\\\"", "a\r\nb", "\n", "\0", "\b\t\v\f", "\u001b[31m", "\u007f", "\u0085\u009b31m",
        "\u00e9\u00ff\u0080", "\u2028\u2029", "\ud800", "\udc00\ud800", "a\ud83d", "\ud83d\ude00", "\uffff\ufeff",
        "\",\"status\":\"200",
        "</script>",
        "%0a",
        "{}",
        "[redacted]",
        "' OR 1=1",
        new string('x', 100_000),
        new string('\u00e9', 5_000),
        new string('\ud83d', 3_000),
    ];

    /// <summary>As much of it as is logged, with what is no character replaced.</summary>
    public static string AsUnicode(string text) =>
        Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text[..Math.Min(text.Length, 2048)]));
}
