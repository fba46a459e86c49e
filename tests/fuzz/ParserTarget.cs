namespace ParentProxy.Fuzz;

/// <summary>The parser of response heads and the decoder of chunked bodies.</summary>
internal sealed class ParserTarget : IFuzzTarget<FuzzCase>
{
    private static readonly byte[] Marker =
        "HTTP/1.1 218 marker\r\nTransfer-Encoding: chunked\r\nMarker: 1\r\n\r\n6\r\nmarker\r\n0\r\nMarker: 2\r\n\r\n"u8.ToArray();

    /// <inheritdoc/>
    public string Name => "parser and decoder";

    /// <inheritdoc/>
    public Outcome Run(FuzzCase fuzzCase)
    {
        var (input, random) = (fuzzCase.Input, new Random(fuzzCase.SplitSeed));
        var whole = ReadFresh(input);
        if (fuzzCase.IsValid && whole.Ending is not (Ending.Complete or Ending.Open))
            throw new FindingException($"a valid response was not accepted:\n{whole} {whole.Reason}");

        Compare(
            "one byte at a time",
            whole,
            new ParsedConnection(fuzzCase.Limits).Read(input, [.. Enumerable.Range(1, input.Length)], fuzzCase.IsHead));

        // A connection remembers lines, and what it remembers may change nothing.
        var used = new ParsedConnection(fuzzCase.Limits);
        used.Read(fuzzCase.Before, Cuts(random, fuzzCase.Before.Length), fuzzCase.IsHead);
        Compare("on a used connection", whole, used.Read(input, [input.Length], fuzzCase.IsHead));
        for (var i = 0; i < 2; i++)
            Compare("in random pieces on a used connection", whole, used.Read(input, Cuts(random, input.Length), fuzzCase.IsHead));

        var reference = ReferenceConnection.Read(input, fuzzCase.Limits, fuzzCase.IsHead);
        if (whole.ToString() != reference.ToString())
            throw new FindingException($"the reference parser has another result:\n{reference}\n--- instead of\n{whole} {whole.Reason}");

        if (whole.Ending == Ending.Refused)
            Compare("with more behind it", whole, ReadFresh([.. input, .. Marker]));
        var start = 0;
        foreach (var (position, textLength) in whole.Ends)
        {
            // Nothing behind its end belongs to a response.
            var marked = ReadFresh([.. input.AsSpan(0, position), .. Marker]).ToString();
            if (!marked.StartsWith(whole.TextUntil(textLength), StringComparison.Ordinal)
                || (IsMarkerRead(fuzzCase) && !marked.Contains("218 'marker'", StringComparison.Ordinal)))
                throw new FindingException(
                    $"with a marker behind the response that ends at {position}:\n{marked}\n--- instead of\n{whole}");

            // And without its last bytes it is not complete.
            var cut = random.Next(start, position);
            var part = ReadFresh(input[..cut]);
            if (cut > start && (part.Ending != Ending.Incomplete || part.Ends.Count > 0 && part.Ends[^1].Position > cut))
                throw new FindingException($"cut at {cut}:\n{part}\n--- instead of\n{whole}");
            start = position;
        }

        return whole;

        Outcome ReadFresh(byte[] bytes) => new ParsedConnection(fuzzCase.Limits).Read(bytes, [bytes.Length], fuzzCase.IsHead);
    }

    // Tight limits are too tight for it.
    private static bool IsMarkerRead(FuzzCase fuzzCase) => fuzzCase.Limits.MaxHeadBytes > Marker.Length && fuzzCase.Limits.MaxFields > 1;

    private static void Compare(string how, Outcome expected, Outcome actual)
    {
        if (expected.ToString() != actual.ToString() || expected.Reason != actual.Reason)
            throw new FindingException($"{how}:\n{actual} {actual.Reason}\n--- instead of\n{expected} {expected.Reason}");
    }

    private static int[] Cuts(Random random, int length) =>
        [.. Enumerable.Range(0, random.Next(8))
            .Select(_ => random.Next(1, Math.Max(2, length)))
            .Where(c => c < length)
            .Append(length)
            .Distinct()
            .Order()];
}
