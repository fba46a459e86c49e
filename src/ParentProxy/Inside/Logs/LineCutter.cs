using System.Globalization;
using System.Text;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Cuts what a process writes into whole lines, thousands at a time where they are short: a program that writes without end costs little
/// more than the copying.
/// </summary>
/// <param name="maxLineBytes">The longest line; of a longer one the beginning is kept, with a mark.</param>
/// <param name="target">Takes the lines.</param>
#pragma warning disable CA1001 // A stream in memory holds nothing but memory.
internal sealed class LineCutter(int maxLineBytes, ILineTarget target)
#pragma warning restore CA1001
{
    private const byte LF = (byte)'\n';
    private readonly byte[] _mark = Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $" [cut after {maxLineBytes} bytes]\n"));

    /// <summary>A line whose end has not come yet.</summary>
    private readonly MemoryStream _begun = new();

    /// <summary>Whether the rest of a line that was too long is still to come.</summary>
    private bool _isSkipping;

    /// <summary>Takes what was read.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_begun.Length > 0 || _isSkipping)
            {
                bytes = Continue(bytes);
                continue;
            }

            // As many as lie in the longest line are none of them too long, and need not be looked at one by one.
            var block = bytes[..Math.Min(bytes.Length, maxLineBytes + 1)];
            var whole = block[..(block.LastIndexOf(LF) + 1)];
            if (whole.IsEmpty)
                bytes = Continue(bytes);
            else
            {
                target.Add(whole, whole.Count(LF));
                bytes = bytes[whole.Length..];
            }
        }
    }

    /// <summary>Nothing more comes, or not soon: what has no end yet is a line.</summary>
    public void End()
    {
        if (_begun.Length > 0)
            Take();
        _isSkipping = false;
    }

    /// <summary>Goes on with a line that has begun; returns what is behind it.</summary>
    private ReadOnlySpan<byte> Continue(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf(LF);
        var part = end < 0 ? bytes : bytes[..end];
        if (!_isSkipping)
        {
            // One byte more than the longest line may be the CR of its end.
            var room = maxLineBytes + 1 - (int)_begun.Length;
            _begun.Write(part[..Math.Min(part.Length, room)]);
            if (part.Length > room || (end < 0 && part.Length == room && part[^1] != '\r'))
            {
                Cut();
                _isSkipping = true;
            }
        }

        if (end < 0)
            return [];
        if (!_isSkipping)
            Take();
        _isSkipping = false;
        return bytes[(end + 1)..];
    }

    private void Take()
    {
        var line = _begun.GetBuffer().AsSpan(0, (int)_begun.Length);
        if (line.Length > maxLineBytes && line[^1] != '\r')
        {
            Cut();
            return;
        }

        _begun.WriteByte(LF);
        target.Add(_begun.GetBuffer().AsSpan(0, (int)_begun.Length), 1);
        _begun.SetLength(0);
    }

    private void Cut()
    {
        _begun.SetLength(maxLineBytes);
        _begun.Position = maxLineBytes;
        _begun.Write(_mark);
        target.Add(_begun.GetBuffer().AsSpan(0, (int)_begun.Length), 1);
        _begun.SetLength(0);
    }
}
