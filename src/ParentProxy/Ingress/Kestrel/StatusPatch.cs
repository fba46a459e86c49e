namespace ParentProxy.Ingress.Kestrel;

/// <summary>
/// Puts a 205 where Kestrel wrote <see cref="ResetContent.StandIn"/>, in what goes to one client, as it is written: one digit
/// of the status line that HTTP/1.x was told to expect, or of the field with which every HEADERS frame of HTTP/2 begins.
/// </summary>
/// <remarks>Sees all that is written, in order, whatever the pieces; with TLS the plain text.</remarks>
internal sealed class StatusPatch
{
    /// <summary>Where the status begins: behind <c>HTTP/1.1 </c>.</summary>
    private const int StatusPosition = 9;

    private const int FrameHeaderBytes = 9;
    private const int TypePosition = 3;
    private const byte HeadersFrame = 1;

    private bool _hasBegun;
    private bool _isHttp2;

    /// <summary>How much of the expected status line was written; -1 while none is expected.</summary>
    private int _linePosition = -1;

    private int _frameHeaderRead;
    private int _payloadLeft;
    private bool _isHeaders;
    private Place _place;

    /// <summary>Where in a field section the next byte stands (RFC 7541).</summary>
    private enum Place
    {
        /// <summary>Before the first field, where the size of the table may be told.</summary>
        Beginning,

        /// <summary>In a size that takes several bytes.</summary>
        TableSize,

        /// <summary>At the length of <c>:status</c>.</summary>
        Length,

        /// <summary>At the first digit of the status.</summary>
        Status,

        /// <summary>Behind all that matters.</summary>
        Behind,
    }

    /// <summary>Over HTTP/1.x, the head of a response is what is written next.</summary>
    public void ExpectHead() => _linePosition = 0;

    /// <summary>Looks at what has just been written, and changes it where it must.</summary>
    public void Apply(Span<byte> written)
    {
        if (written.IsEmpty)
            return;
        if (!_hasBegun)
        {
            // HTTP/2 begins with a small SETTINGS frame, HTTP/1.x and TLS with another byte than the zero of its length.
            _hasBegun = true;
            _isHttp2 = written[0] == 0;
        }

        if (_isHttp2)
            ApplyToFrames(written);
        else if (_linePosition >= 0)
            ApplyToStatusLine(written);
    }

    private void ApplyToStatusLine(Span<byte> written)
    {
        var status = StatusPosition - _linePosition;
        if (status >= written.Length)
        {
            _linePosition += written.Length;
            return;
        }

        _linePosition = -1;
        PutBack(ref written[status]);
    }

    private void ApplyToFrames(Span<byte> written)
    {
        while (!written.IsEmpty)
        {
            if (_frameHeaderRead < FrameHeaderBytes)
            {
                ReadFrameHeader(written[0]);
                written = written[1..];
                continue;
            }

            var payload = written[..Math.Min(_payloadLeft, written.Length)];
            for (var i = 0; _isHeaders && _place != Place.Behind && i < payload.Length; i++)
                _place = Next(ref payload[i]);
            written = written[payload.Length..];
            _payloadLeft -= payload.Length;
            if (_payloadLeft == 0)
                _frameHeaderRead = 0;
        }
    }

    private void ReadFrameHeader(byte octet)
    {
        if (_frameHeaderRead < TypePosition)
        {
            _payloadLeft = (_payloadLeft << 8) | octet;
        }
        else if (_frameHeaderRead == TypePosition)
        {
            _isHeaders = octet == HeadersFrame;
            _place = Place.Beginning;
        }

        _frameHeaderRead++;
    }

    private Place Next(ref byte octet)
    {
        switch (_place)
        {
            case Place.Beginning when (octet & 0xE0) == 0x20:
                return (octet & 0x1F) == 0x1F ? Place.TableSize : Place.Beginning;
            case Place.Beginning:
                // A literal value under one of the names that are :status in the static table. An indexed field is a known status.
                var name = octet >= 0x40 ? octet & 0x3F : octet & 0x0F;
                return octet < 0x80 && name is >= 8 and <= 14 ? Place.Length : Place.Behind;
            case Place.TableSize:
                return octet < 0x80 ? Place.Beginning : Place.TableSize;
            case Place.Length:
                return octet == 3 ? Place.Status : Place.Behind;
            case Place.Status:
                PutBack(ref octet);
                break;
        }

        return Place.Behind;
    }

    /// <summary>605 becomes 205; a status that begins with another digit stays what it is.</summary>
    private static void PutBack(ref byte firstDigit)
    {
        if (firstDigit == '6')
            firstDigit = (byte)'2';
    }
}
