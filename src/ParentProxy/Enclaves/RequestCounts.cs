namespace ParentProxy.Enclaves;

/// <summary>
/// Requests by method and final status: a table, so that counting one costs an increment, and bounded whatever a client
/// sends.
/// </summary>
internal sealed class RequestCounts
{
    /// <summary>Stands for every method that is none of HTTP's (RFC 9110, RFC 5789): methods are names of the client's choice.</summary>
    public const string Other = "OTHER";

    private const int Codes = 1000;

    private static readonly string[] Methods = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", Other];

    private readonly long[]?[] _byMethod = new long[Methods.Length][];

    /// <summary>Requests of every method and status.</summary>
    public long Total => SumOf(0, Codes);

    /// <summary>Those that were answered with 400 to 499; 499 means that the client was gone before.</summary>
    public long ClientErrors => SumOf(400, 500);

    /// <summary>Those that were answered with 500 or more.</summary>
    public long ServerErrors => SumOf(500, Codes);

    /// <summary>Whether a method is one of HTTP's.</summary>
    public static bool Knows(string method) => Array.IndexOf(Methods, method, 0, Methods.Length - 1) >= 0;

    /// <summary>Counts a request by its method, where it is a known one, and its final status.</summary>
    public void Count(string method, int code)
    {
        var index = Array.IndexOf(Methods, method);
        ref var codes = ref _byMethod[index < 0 ? Methods.Length - 1 : index];
        var row = Volatile.Read(ref codes) ?? Interlocked.CompareExchange(ref codes, new long[Codes], null) ?? codes!;
        Interlocked.Increment(ref row[Math.Clamp(code, 0, Codes - 1)]);
    }

    /// <summary>Every combination that has come.</summary>
    public IEnumerable<(string Method, int Code, long Count)> Read()
    {
        for (var method = 0; method < Methods.Length; method++)
        {
            if (Volatile.Read(ref _byMethod[method]) is not { } row)
                continue;
            for (var code = 0; code < row.Length; code++)
            {
                if (Interlocked.Read(ref row[code]) is > 0 and var count)
                    yield return (Methods[method], code, count);
            }
        }
    }

    private long SumOf(int from, int end)
    {
        var sum = 0L;
        foreach (var row in _byMethod)
        {
            for (var code = from; row is not null && code < end; code++)
                sum += Interlocked.Read(ref row[code]);
        }

        return sum;
    }
}
