using ParentProxy.Http1;

namespace ParentProxy.Fuzz;

/// <summary>Reads responses with the parser and the decoder of the program, as a connection does.</summary>
internal sealed class ParsedConnection(Http1Limits limits)
{
    private readonly ResponseHeadParser _parser = new(limits);
    private readonly ChunkedDecoder _decoder = new(limits);

    /// <summary>Reads responses, one behind the other, from bytes that come in pieces which end at <paramref name="ends"/>.</summary>
    public Outcome Read(byte[] input, int[] ends, bool isHead)
    {
        var outcome = new Outcome();
        try
        {
            outcome.End(Read(new Pieces(input, ends), isHead, outcome));
        }
        catch (InvalidResponseException ex)
        {
            outcome.End(Ending.Refused, ex.Message);
        }

        return outcome;
    }

    private Ending Read(Pieces pieces, bool isHead, Outcome outcome)
    {
        do
        {
            _parser.Reset();
            int consumed;
            while (!_parser.TryParse(pieces.Rest, out consumed))
            {
                if (consumed != 0)
                    throw new FindingException("TryParse consumed bytes of an incomplete head");
                if (!pieces.TryGetMore())
                    return Ending.Incomplete;
            }

            pieces.Advance(consumed);
            var head = _parser.Head;
            outcome.AddHead(
                head.MinorVersion, head.Status, head.Reason, head.ContentLength, head.IsChunked, head.HasClose, head.HasKeepAlive,
                head.HasUpgrade,
                head.ConnectionNamed,
                head.Upgrade,
                head.KeepAliveSeconds,
                [.. head.Fields.ToArray().Select(f => (f.Name, f.Value))]);
            if (head.Status == 101)
                return Ending.Open;
            if (!head.IsInterim && !isHead && head.Status is not (204 or 304))
            {
                if (head.IsChunked
                    ? !ReadChunked(pieces, outcome)
                    : head.ContentLength is { } length && !ReadCounted(pieces, length, outcome))
                    return Ending.Incomplete;
                if (!head.IsChunked && head.ContentLength is null)
                    return Ending.Open;
            }

            outcome.EndResponse(pieces.Position);
        }
        while (!pieces.Rest.IsEmpty || pieces.TryGetMore());
        return Ending.Complete;
    }

    private static bool ReadCounted(Pieces pieces, long length, Outcome outcome)
    {
        while (true)
        {
            var count = (int)Math.Min(length, pieces.Rest.Length);
            outcome.AddData(pieces.Rest[..count]);
            pieces.Advance(count);
            length -= count;
            if (length == 0)
                return true;
            if (!pieces.TryGetMore())
                return false;
        }
    }

    private bool ReadChunked(Pieces pieces, Outcome outcome)
    {
        _decoder.Reset();
        while (true)
        {
            var progress = _decoder.Read(pieces.Rest, out var consumed, out var data);
            var (start, length) = data.GetOffsetAndLength(pieces.Rest.Length);
            if (progress == ChunkedProgress.Data ? length == 0 || start + length != consumed : length != 0)
                throw new FindingException($"{progress} with data at {data} of {consumed} bytes consumed");
            if (progress == ChunkedProgress.NeedsMore && consumed != pieces.Rest.Length)
                throw new FindingException($"NeedsMore with {consumed} of {pieces.Rest.Length} bytes consumed");
            outcome.AddData(pieces.Rest[data]);
            pieces.Advance(consumed);
            if (progress == ChunkedProgress.End)
            {
                outcome.AddFields(_decoder.Trailers.Select(f => (f.Name, f.Value)));
                return true;
            }

            if (progress == ChunkedProgress.NeedsMore && !pieces.TryGetMore())
                return false;
        }
    }
}
