using System.Text.Json;

namespace ParentProxy.Trust.Clients;

/// <summary>
/// Receives the answer of a server that writes one JSON value and a newline. Who prints it over several lines, or ends the connection
/// in the place of the newline, is understood as well.
/// </summary>
/// <param name="stream">The connection.</param>
internal sealed class JsonLineReader(Stream stream)
{
    private byte[] _buffer = new byte[16 * 1024];
    private int _length;
    private JsonReaderState _state;
    private int _parsed;

    /// <summary>Reads up to the newline behind the value, or to the end; without an end of either kind, until one byte too many.</summary>
    /// <param name="maxBytes">How long an answer may be.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>What came, with more than <paramref name="maxBytes"/> bytes if that was too much.</returns>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(int maxBytes, CancellationToken cancellationToken)
    {
        while (_length <= maxBytes)
        {
            if (_length == _buffer.Length)
                Array.Resize(ref _buffer, Math.Min(_buffer.Length * 2, maxBytes + 1));
            var read = await stream.ReadAsync(_buffer.AsMemory(_length), cancellationToken);
            var isLine = _buffer.AsSpan(_length, read).Contains((byte)'\n');
            _length += read;
            if (read == 0 || (isLine && IsWhole()))
                break;
        }

        return _buffer.AsMemory(0, _length);
    }

    /// <summary>Whether a value has ended, or what came cannot become one. Looks at each byte once.</summary>
    private bool IsWhole()
    {
        var reader = new Utf8JsonReader(_buffer.AsSpan(_parsed, _length - _parsed), isFinalBlock: false, _state);
        try
        {
            while (reader.Read())
            {
                if (reader.CurrentDepth == 0 && reader.TokenType is not (JsonTokenType.StartObject or JsonTokenType.StartArray))
                    return true;
            }
        }
        catch (JsonException)
        {
            return true;
        }

        _parsed += (int)reader.BytesConsumed;
        _state = reader.CurrentState;
        return false;
    }
}
