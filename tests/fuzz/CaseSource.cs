using System.Globalization;
using System.Text;
using ParentProxy.Http1;

namespace ParentProxy.Fuzz;

/// <summary>
/// Makes cases: the samples as they are, then valid responses most of which are
/// changed in a way that keeps much of their structure.
/// </summary>
/// <param name="seed">Each case follows from it and its number alone.</param>
internal sealed class CaseSource(int seed) : ICaseSource<FuzzCase>
{
    /// <inheritdoc/>
    public FuzzCase Make(long number)
    {
        var random = CaseRandom.Of(seed, number);
        if (number < Corpus.Samples.Length)
            return new FuzzCase(
                number, Sample(random), Corpus.Samples[number], Http1Limits.Default, IsHead: false, IsValid: true, random.Next());
        var original = Sample(random);
        // Most often of the same origin, so that most lines are equal.
        var before = Mutate(random, random.Next(4) == 0 ? Sample(random) : original);
        var input = Mutate(random, original);
        return new FuzzCase(
            number, before, input, Limits(random, input.Length), IsHead: random.Next(10) == 0, IsValid: false, random.Next());
    }

    private static Http1Limits Limits(Random random, int inputLength) => random.Next(4) != 0 ? Http1Limits.Default : new Http1Limits
    {
        MaxHeadBytes = random.Next(2) == 0 ? random.Next(8, 600) : Math.Max(8, inputLength + random.Next(-2, 3)),
        MaxFields = random.Next(1, 10),
        MaxTrailerBytes = random.Next(2, 60),
        MaxChunkLineBytes = random.Next(3, 30),
    };

    private static byte[] Sample(Random random) => random.Next(3) switch
    {
        0 => Generate(random),
        1 => [.. Pick(random, Corpus.Samples), .. random.Next(2) == 0 ? Pick(random, Corpus.Samples) : Generate(random)],
        _ => Pick(random, Corpus.Samples),
    };

    // A valid response that no server was seen to send.
    private static byte[] Generate(Random random)
    {
        var text = new StringBuilder();
        for (var i = random.Next(8); i > 5; i--)
            text.Append(
                CultureInfo.InvariantCulture,
                $"HTTP/1.1 10{"023456789"[random.Next(9)]} {Word(random)}\r\n{Word(random)}: {Word(random)}\r\n\r\n");
        text.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {random.Next(200, 600)} {Word(random)}\r\n");
        for (var i = random.Next(12); i > 0; i--)
            text.Append(CultureInfo.InvariantCulture, $"{Word(random)}:{new string(' ', random.Next(3))}{Word(random)}{Word(random)}\r\n");

        var body = string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => Word(random)));
        if (random.Next(2) == 0)
            return Bytes(text.Append(CultureInfo.InvariantCulture, $"Content-Length: {body.Length}\r\n\r\n{body}"));

        text.Append("Transfer-Encoding: chunked\r\n\r\n");
        while (body != "")
        {
            var size = random.Next(1, body.Length + 1);
            text.Append(
                CultureInfo.InvariantCulture,
                $"{size:x}{(random.Next(4) == 0 ? $";{Word(random)}={Word(random)}" : "")}\r\n{body[..size]}\r\n");
            body = body[size..];
        }

        text.Append("0\r\n");
        for (var i = random.Next(6); i > 3; i--)
            text.Append(CultureInfo.InvariantCulture, $"{Word(random)}: {Word(random)}\r\n");
        return Bytes(text.Append("\r\n"));
    }

    private static string Word(Random random)
    {
        // Now and then beyond what a connection remembers.
        var length = random.Next(500) == 0 ? random.Next(70_000) : random.Next(50) == 0 ? random.Next(1, 5000) : random.Next(1, 20);
        return new string(Pick(random, "abcXYZ019-_"), Math.Max(1, length / 2))
            + new string(Pick(random, "abcXYZ019-_"), Math.Max(1, length / 2));
    }

    private static byte[] Mutate(Random random, byte[] sample)
    {
        var bytes = sample.ToList();
        while (random.Next(3) != 0)
            MutateOnce(random, bytes);
        return [.. bytes];
    }

    private static void MutateOnce(Random random, List<byte> bytes)
    {
        var at = random.Next(bytes.Count + 1);
        var here = at < bytes.Count;
        switch (random.Next(17))
        {
            case 0 when here:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1 when here:
                bytes[at] = Pick(random, Corpus.Octets);
                break;
            case 2:
                bytes.Insert(at, Pick(random, Corpus.Octets));
                break;
            case 3:
                bytes.RemoveRange(at, Math.Min(bytes.Count - at, random.Next(1, 8)));
                break;
            case 4:
                bytes.InsertRange(at, Encoding.Latin1.GetBytes(Pick(random, Corpus.Tokens)));
                break;
            case 5:
                ReplaceToken(random, bytes);
                break;
            case 6 or 7:
                Replace(bytes, FindNumber(bytes, at), Pick(random, Corpus.Numbers));
                break;
            case 8:
                if (FindNumber(bytes, at) is { } number && int.TryParse(Text(bytes, number), out var value))
                    Replace(bytes, number, (value + random.Next(-2, 3)).ToString(CultureInfo.InvariantCulture));
                break;
            case 9 or 10:
                if (FindLineEnd(bytes, at) is { } end)
                    Replace(bytes, end..(end + 2), Pick(random, Corpus.LineEnds));
                break;
            case 11 or 12:
                bytes.InsertRange(LineAt(bytes, at).Start.Value, Encoding.Latin1.GetBytes(Pick(random, Corpus.Lines) + "\r\n"));
                break;
            case 13:
                var copied = LineAt(bytes, at);
                bytes.InsertRange(LineAt(bytes, random.Next(bytes.Count + 1)).Start.Value, Encoding.Latin1.GetBytes(Text(bytes, copied)));
                break;
            case 14:
                Replace(bytes, LineAt(bytes, at), "");
                break;
            case 15:
                // The beginning of this with the rest of another, at lines more often than not.
                var other = Sample(random);
                var from = random.Next(other.Length);
                if (random.Next(3) != 0)
                    (at, from) = (LineAt(bytes, at).Start.Value, LineAt([.. other], from).Start.Value);
                bytes.RemoveRange(at, bytes.Count - at);
                bytes.AddRange(other.AsSpan(from));
                break;
            case 16 when here:
                bytes.InsertRange(at, Enumerable.Repeat(bytes[at], random.Next(random.Next(20) == 0 ? 5000 : 40)));
                break;
        }
    }

    private static void ReplaceToken(Random random, List<byte> bytes)
    {
        var text = Text(bytes, ..);
        var token = Pick(random, Corpus.Tokens);
        var at = text.IndexOf(token, random.Next(text.Length + 1), StringComparison.OrdinalIgnoreCase);
        if (at >= 0)
            Replace(bytes, at..(at + token.Length), random.Next(3) == 0 ? token.ToUpperInvariant() : Pick(random, Corpus.Tokens));
    }

    private static Range? FindNumber(List<byte> bytes, int from)
    {
        var start = bytes.FindIndex(from, b => char.IsAsciiDigit((char)b));
        if (start < 0)
            return null;
        var end = bytes.FindIndex(start, b => !char.IsAsciiDigit((char)b));
        return start..(end < 0 ? bytes.Count : end);
    }

    private static int? FindLineEnd(List<byte> bytes, int from)
    {
        var at = Text(bytes, ..).IndexOf("\r\n", from, StringComparison.Ordinal);
        return at < 0 ? null : at;
    }

    // The line that this is in, with its end.
    private static Range LineAt(List<byte> bytes, int at)
    {
        var text = Text(bytes, ..);
        var start = at == 0 ? 0 : text.LastIndexOf('\n', at - 1) + 1;
        var end = text.IndexOf('\n', at);
        return start..(end < 0 ? text.Length : end + 1);
    }

    private static void Replace(List<byte> bytes, Range? range, string text)
    {
        if (range is not { } what)
            return;
        var (offset, length) = what.GetOffsetAndLength(bytes.Count);
        bytes.RemoveRange(offset, length);
        bytes.InsertRange(offset, Encoding.Latin1.GetBytes(text));
    }

    private static string Text(List<byte> bytes, Range range) => Encoding.Latin1.GetString([.. bytes])[range];

    private static byte[] Bytes(StringBuilder text) => Encoding.Latin1.GetBytes(text.ToString());

    private static T Pick<T>(Random random, T[] items) => items[random.Next(items.Length)];

    private static char Pick(Random random, string items) => items[random.Next(items.Length)];
}
