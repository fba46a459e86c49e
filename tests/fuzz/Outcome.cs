using System.Buffers;
using System.Globalization;
using System.Text;

namespace ParentProxy.Fuzz;

/// <summary>What was read from a connection, as a text that is the same however it came in pieces.</summary>
internal sealed class Outcome
{
    private readonly StringBuilder _text = new();
    private readonly ArrayBufferWriter<byte> _data = new();

    /// <summary>Where each complete response ends, and how long the text was then.</summary>
    public List<(int Position, int TextLength)> Ends { get; } = [];

    /// <summary>How it ended.</summary>
    public Ending Ending { get; private set; }

    /// <summary>Why it was refused; null when it was not.</summary>
    public string? Reason { get; private set; }

    /// <summary>Adds a response head.</summary>
    public void AddHead(
        int minorVersion, int status, string reason, long? contentLength, bool isChunked, bool hasClose, bool hasKeepAlive,
        bool hasUpgrade, IEnumerable<string>? connectionNamed, string? upgrade, int? keepAliveSeconds, IEnumerable<(string, string)> fields)
    {
        _text.Append(CultureInfo.InvariantCulture, $"head 1.{minorVersion} {status} '{reason}' length={contentLength} chunked={isChunked}")
            .Append(CultureInfo.InvariantCulture, $" close={hasClose} keep-alive={hasKeepAlive} upgrade={hasUpgrade} to='{upgrade}'")
            .Append(CultureInfo.InvariantCulture, $" named='{string.Join('|', connectionNamed ?? [])}' timeout={keepAliveSeconds}\n");
        AddFields(fields);
    }

    /// <summary>Adds a piece of a body.</summary>
    public void AddData(ReadOnlySpan<byte> data) => _data.Write(data);

    /// <summary>Adds fields.</summary>
    public void AddFields(IEnumerable<(string Name, string Value)> fields)
    {
        FlushData();
        foreach (var (name, value) in fields)
            _text.Append(CultureInfo.InvariantCulture, $"  '{name}' = '{value}'\n");
    }

    /// <summary>Ends a response.</summary>
    public void EndResponse(int position)
    {
        FlushData();
        _text.Append(CultureInfo.InvariantCulture, $"end at {position}\n");
        Ends.Add((position, _text.Length));
    }

    /// <summary>Ends it all.</summary>
    public void End(Ending ending, string? reason = null)
    {
        FlushData();
        (Ending, Reason) = (ending, reason);
    }

    /// <summary>What was read until a complete response ended.</summary>
    public string TextUntil(int textLength) => _text.ToString(0, textLength);

    /// <summary>All but the reason.</summary>
    public override string ToString() => $"{_text}{Ending}";

    private void FlushData()
    {
        if (_data.WrittenCount == 0)
            return;
        _text.Append("data ").Append(Convert.ToHexString(_data.WrittenSpan)).Append('\n');
        _data.ResetWrittenCount();
    }
}
