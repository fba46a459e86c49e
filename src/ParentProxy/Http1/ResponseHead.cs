using System.Globalization;

namespace ParentProxy.Http1;

/// <summary>A parsed response head with what it says about its connection and its body. Reused by the parser that fills it.</summary>
internal sealed class ResponseHead
{
    private readonly List<string> _connectionNamed = [];
    private FieldLine[] _fields = new FieldLine[16];
    private int _count;
    private bool _hasTransferEncoding;

    /// <summary>The status code, 100 to 599.</summary>
    public int Status { get; private set; }

    /// <summary>The reason phrase; may be empty.</summary>
    public string Reason { get; private set; } = "";

    /// <summary>The minor version of HTTP/1: 0 or 1.</summary>
    public int MinorVersion { get; private set; }

    /// <summary>All field lines as they came.</summary>
    public ReadOnlySpan<FieldLine> Fields => _fields.AsSpan(0, _count);

    /// <summary>
    /// The value of <c>Content-Length</c>; several equal ones are one. Null when there is none, and where it means nothing:
    /// in 1xx and 204.
    /// </summary>
    public long? ContentLength { get; private set; }

    /// <summary>Whether <c>Transfer-Encoding: chunked</c> frames the body. Never in 1xx and 204.</summary>
    public bool IsChunked { get; private set; }

    /// <summary>Whether <c>Connection</c> has the option <c>close</c>.</summary>
    public bool HasClose { get; private set; }

    /// <summary>Whether <c>Connection</c> has the option <c>keep-alive</c>.</summary>
    public bool HasKeepAlive { get; private set; }

    /// <summary>Whether <c>Connection</c> has the option <c>upgrade</c>.</summary>
    public bool HasUpgrade { get; private set; }

    /// <summary>The names of fields that <c>Connection</c> names, beside close, keep-alive and upgrade; null when there are none.</summary>
    public IReadOnlyList<string>? ConnectionNamed => _connectionNamed.Count == 0 ? null : _connectionNamed;

    /// <summary>The value of <c>Upgrade</c>; null when there is none.</summary>
    public string? Upgrade { get; private set; }

    /// <summary>The value of <c>timeout</c> in <c>Keep-Alive</c>, in seconds, the least of several; null when there is none.</summary>
    public int? KeepAliveSeconds { get; private set; }

    /// <summary>Whether this is an interim response: 1xx but not 101.</summary>
    public bool IsInterim => Status is >= 100 and < 200 and not 101;

    /// <summary>Forgets everything, before the next head is parsed into it.</summary>
    internal void Clear()
    {
        Array.Clear(_fields, 0, _count);
        _count = 0;
        _connectionNamed.Clear();
        _hasTransferEncoding = false;
        Status = 0;
        Reason = "";
        MinorVersion = 0;
        ContentLength = null;
        IsChunked = false;
        HasClose = false;
        HasKeepAlive = false;
        HasUpgrade = false;
        Upgrade = null;
        KeepAliveSeconds = null;
    }

    /// <summary>Takes what the status line says.</summary>
    internal void Begin(int minorVersion, int status, string reason)
    {
        MinorVersion = minorVersion;
        Status = status;
        Reason = reason;
    }

    /// <summary>Takes a field line and what it means.</summary>
    internal void Add(in FieldLine field, FieldKind kind)
    {
        if (_count == _fields.Length)
            Array.Resize(ref _fields, 2 * _count);
        _fields[_count++] = field;

        switch (kind)
        {
            case FieldKind.Connection:
                AddConnection(field.Value);
                break;
            case FieldKind.ContentLength:
                AddContentLengths(field.Value);
                break;
            case FieldKind.KeepAlive:
                AddKeepAlive(field.Value);
                break;
            case FieldKind.TransferEncoding:
                AddTransferEncoding(field.Value);
                break;
            case FieldKind.Upgrade:
                Upgrade = Upgrade is null ? field.Value : $"{Upgrade}, {field.Value}";
                break;
        }
    }

    /// <summary>Looks at the whole, when all lines are there.</summary>
    internal void Complete()
    {
        // RFC 9112 §6.3 leaves the choice between removing the length and this; a server that means well never does it.
        if (_hasTransferEncoding && ContentLength is not null)
            throw new InvalidResponseException("both Content-Length and Transfer-Encoding");
        // RFC 9112 §6.1: to be treated as if the framing is faulty. 1.0 knows no codings, so somebody in between may see
        // another body than we do.
        if (_hasTransferEncoding && MinorVersion == 0)
            throw new InvalidResponseException("Transfer-Encoding in an HTTP/1.0 response");

        // A server must not send either field here (RFC 9110 §8.6, RFC 9112 §6.1), but many put "Content-Length: 0" on a 204.
        // Ignored, as HAProxy does: these end with their head whatever it says (RFC 9112 §6.3). Bytes that follow are then
        // bytes nobody asked for.
        if (Status is (>= 100 and < 200) or 204)
        {
            ContentLength = null;
            IsChunked = false;
        }
    }

    // As HAProxy: a list of equal numbers is that number, and nothing but digits is a number.
    private void AddContentLengths(ReadOnlySpan<char> value)
    {
        // Splitting costs more than all the rest, and nobody sends lists.
        if (!value.Contains(','))
        {
            AddContentLength(value);
            return;
        }

        foreach (var range in value.Split(','))
            AddContentLength(value[range].Trim(" \t"));
    }

    private void AddContentLength(ReadOnlySpan<char> number)
    {
        if (!long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var length))
        {
            throw new InvalidResponseException(number.IsEmpty || number.ContainsAnyExceptInRange('0', '9')
                ? "a Content-Length that is not a number"
                : $"a Content-Length above {long.MaxValue}");
        }

        if (ContentLength is { } earlier && earlier != length)
            throw new InvalidResponseException($"two different Content-Length values ({earlier} and {length})");
        ContentLength = length;
    }

    private void AddTransferEncoding(ReadOnlySpan<char> value)
    {
        if (_hasTransferEncoding)
            throw new InvalidResponseException("more than one Transfer-Encoding field");
        _hasTransferEncoding = true;
        // We send no TE with codings, so chunked alone is what a server may use.
        if (!value.Equals("chunked", StringComparison.OrdinalIgnoreCase))
            throw new InvalidResponseException("a Transfer-Encoding other than chunked");
        IsChunked = true;
    }

    private void AddConnection(ReadOnlySpan<char> value)
    {
        foreach (var range in value.Split(','))
        {
            var option = value[range].Trim(" \t");
            if (option.Equals("close", StringComparison.OrdinalIgnoreCase))
                HasClose = true;
            else if (option.Equals("keep-alive", StringComparison.OrdinalIgnoreCase))
                HasKeepAlive = true;
            else if (option.Equals("upgrade", StringComparison.OrdinalIgnoreCase))
                HasUpgrade = true;
            else if (!option.IsEmpty)
                _connectionNamed.Add(option.ToString());
        }
    }

    // Advice, not framing: what cannot be read is as if it were not there.
    private void AddKeepAlive(ReadOnlySpan<char> value)
    {
        foreach (var range in value.Split(','))
        {
            var parameter = value[range];
            var equals = parameter.IndexOf('=');
            if (equals >= 0 && parameter[..equals].Trim(" \t").Equals("timeout", StringComparison.OrdinalIgnoreCase) &&
                int.TryParse(parameter[(equals + 1)..].Trim(" \t"), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds))
                KeepAliveSeconds = Math.Min(seconds, KeepAliveSeconds ?? int.MaxValue);
        }
    }
}
