using System.Globalization;
using System.Text;

namespace ParentProxy.Inside.Logs;

/// <summary>
/// Cuts what a process writes into whole lines, thousands at a time where they are short: a program that writes without end costs little
/// more than the copying.
/// </summary>
/// <param name="maxLineBytes">The longest line; of a longer one the beginning is kept, with a mark.</param>
/// <param name="target">Takes the lines.</param>
internal sealed class LineCutter(int maxLineBytes, ILineTarget target)
{
    private const byte LF = (byte)'\n';
    private const int MostKept = 64 * 1024;

    private readonly byte[] _mark = Encoding.ASCII.GetBytes(
        string.Create(CultureInfo.InvariantCulture, $" [cut after {maxLineBytes} bytes]\n"));

    /// <summary>A line whose end has not come yet.</summary>
    private byte[] _begun = [];

    private int _length;

    /// <summary>Whether the rest of a line that was too long is still to come.</summary>
    private bool _isSkipping;

    /// <summary>Takes what was read.</summary>
    public void Add(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_length > 0 || _isSkipping)
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
        if (_length > 0)
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
            var room = maxLineBytes + 1 - _length;
            Append(part[..Math.Min(part.Length, room)]);
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
        if (_length > maxLineBytes && _begun[_length - 1] != '\r')
            Cut();
        else
            Take([LF]);
    }

    private void Cut()
    {
        _length = maxLineBytes;
        Take(_mark);
    }

    private void Take(ReadOnlySpan<byte> end)
    {
        Append(end);
        target.Add(_begun.AsSpan(0, _length), 1);
        _length = 0;

        // One long line is no reason to keep room for the next.
        if (_begun.Length > MostKept)
            _begun = [];
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        if (_begun.Length < _length + bytes.Length)
            Array.Resize(ref _begun, Math.Max(_length + bytes.Length, 2 * _begun.Length));
        bytes.CopyTo(_begun.AsSpan(_length));
        _length += bytes.Length;
    }
}
