using ParentProxy.Http1;

namespace ParentProxy.Fuzz;

/// <summary>
/// The whole connection: what it makes of each response has to be what the parser and the decoder make of it, and it may
/// be used again only when it is exactly at its end.
/// </summary>
internal sealed class ConnectionTarget : IFuzzTarget<FuzzCase>
{
    /// <inheritdoc/>
    public string Name => "connection";

    /// <inheritdoc/>
    public Outcome Run(FuzzCase fuzzCase)
    {
        var random = new Random(fuzzCase.SplitSeed);
        var (input, all) = (fuzzCase.Input, Expect(fuzzCase, fuzzCase.Input));
        var first = RunOne(fuzzCase, all, [input.Length], random.Next(8) != 0);
        RunOne(fuzzCase, all, [.. Enumerable.Range(1, input.Length)], true);
        for (var i = 0; i < 2; i++)
            RunOne(fuzzCase, all, Cuts(random, input.Length), random.Next(8) != 0);
        RunSequence(fuzzCase, all, random);
        return first;
    }

    private static Outcome Expect(FuzzCase fuzzCase, byte[] input) =>
        new ParsedConnection(fuzzCase.Limits).Read(input, [input.Length], fuzzCase.IsHead);

    /// <summary>One request, answered by all of the input, which then ends.</summary>
    private static Outcome RunOne(FuzzCase fuzzCase, Outcome expected, int[] ends, bool sendsAll)
    {
        var stream = new PieceStream();
        using var connection = new Http1Connection(stream, fuzzCase.Limits);
        stream.Say(fuzzCase.Input, ends, endsThere: true);
        return Exchange(connection, stream, fuzzCase, fuzzCase.Input, expected, sendsAll, out _);
    }

    /// <summary>Requests one behind the other on one connection, as long as it takes them; and what it does while it is idle.</summary>
    private static void RunSequence(FuzzCase fuzzCase, Outcome expected, Random random)
    {
        var stream = new PieceStream();
        using var connection = new Http1Connection(stream, fuzzCase.Limits);
        var rest = fuzzCase.Input;
        while (true)
        {
            // Each answer comes when it is asked for, and the last one with the end of the connection.
            var end = EndOfFirst(expected);
            var answer = end is { } known ? rest[..known] : rest;
            stream.Answer(answer, Cuts(random, answer.Length), endsThere: end is null);
            Exchange(connection, stream, fuzzCase, answer, Expect(fuzzCase, answer), sendsAll: true, out var canReuse);
            if (!canReuse)
                return;

            var ended = 0;
            connection.EnterIdle(_ => ended++);
            if (ended > 0)
                throw new FindingException("an idle connection ended by itself");
            rest = rest[answer.Length..];
            if (random.Next(3) == 0)
            {
                // It comes unasked, or the connection ends.
                stream.Say(rest, [rest.Length], endsThere: true);
                if (ended != 1 || connection.TryLeaveIdle() || !connection.HasEnded)
                    throw new FindingException($"a connection whose peer spoke unasked or ended it told so {ended} times");
                return;
            }

            if (!connection.TryLeaveIdle() || connection.TryLeaveIdle())
                throw new FindingException("an idle connection cannot be taken exactly once");
            expected = Expect(fuzzCase, rest);
        }
    }

    /// <summary>Where the first final response ends; null when it does not.</summary>
    private static int? EndOfFirst(Outcome outcome)
    {
        var start = 0;
        foreach (var (position, length) in outcome.Ends)
        {
            if (!IsInterim(outcome.TextUntil(length)[start..]))
                return position;
            start = length;
        }

        return null;
    }

    // "head 1.1 103 ..."
    private static bool IsInterim(string text) => text[9] == '1';

    private static Outcome Exchange(
        Http1Connection connection,
        PieceStream stream,
        FuzzCase fuzzCase,
        byte[] input,
        Outcome expected,
        bool sendsAll,
        out bool canReuse)
    {
        var writes = stream.Writes;
        connection.Begin(fuzzCase.IsHead ? "HEAD" : "GET", "/");
        connection.Request.EndFields();
        Complete(connection.FlushAsync(sendsAll));
        if (stream.Writes != writes + 1)
            throw new FindingException($"{stream.Writes - writes} writes for a head");

        var outcome = new Outcome();
        var steps = 2 * input.Length + 100;
        try
        {
            outcome.End(Read(connection, stream, input, outcome, expected, ref steps));
        }
        catch (InvalidResponseException ex)
        {
            outcome.End(Ending.Refused, ex.Message);
        }
        catch (EndOfStreamException)
        {
            outcome.End(Ending.Incomplete);
        }

        canReuse = connection.CanReuse;
        if (!IsSame(outcome, expected))
            throw new FindingException($"the connection read:\n{outcome} {outcome.Reason}\n--- instead of\n{expected} {expected.Reason}");
        if (connection.HasReceived != stream.Delivered > 0
            || connection.IsResponseEnded != (outcome.Ending == Ending.Complete
                || outcome.Ending == Ending.Open && connection.BodyFraming == ResponseBodyFraming.Close))
            throw new FindingException($"{outcome.Ending} with received={connection.HasReceived} and ended={connection.IsResponseEnded}");
        if (outcome.Ending != Ending.Complete && canReuse)
            throw new FindingException($"to be used again although it is {outcome.Ending}");
        return outcome;
    }

    private static bool IsSame(Outcome outcome, Outcome expected)
    {
        if (outcome.Ending == Ending.Complete)
            return outcome.TextUntil(outcome.Ends[^1].TextLength) == expected.TextUntil(expected.Ends[outcome.Ends.Count - 1].TextLength);

        // The parser does not know that something has to follow an interim response.
        if (outcome.Ending == Ending.Incomplete && expected.Ending == Ending.Complete)
            return outcome.ToString() == expected.TextUntil(expected.Ends[^1].TextLength) + Ending.Incomplete;
        return outcome.ToString() == expected.ToString() && outcome.Reason == expected.Reason;
    }

    private static Ending Read(
        Http1Connection connection, PieceStream stream, byte[] input, Outcome outcome, Outcome expected, ref int steps)
    {
        while (true)
        {
            var head = Complete(connection.ReadHeadAsync());
            outcome.AddHead(
                head.MinorVersion, head.Status, head.Reason, head.ContentLength, head.IsChunked, head.HasClose, head.HasKeepAlive,
                head.HasUpgrade,
                head.ConnectionNamed,
                head.Upgrade,
                head.KeepAliveSeconds,
                [.. head.Fields.ToArray().Select(f => (f.Name, f.Value))]);
            if (!head.IsInterim)
            {
                var wantsMore = !head.HasClose && (head.MinorVersion == 1 || head.HasKeepAlive);
                return ReadBody(connection, stream, input, outcome, expected, wantsMore, ref steps);
            }

            EndResponse(outcome, expected);
        }
    }

    private static Ending ReadBody(
        Http1Connection connection, PieceStream stream, byte[] input, Outcome outcome, Outcome expected, bool wantsMore, ref int steps)
    {
        switch (connection.BodyFraming)
        {
            case ResponseBodyFraming.Tunnel:
                AssertRest(input, ReadTunnel(connection));
                return Ending.Open;
            case ResponseBodyFraming.Close:
                var body = new List<byte>();
                ReadPieces(connection, data => body.AddRange(data), ref steps);
                AssertRest(input, [.. body]);
                return Ending.Open;
        }

        ReadPieces(connection, outcome.AddData, ref steps);
        if (connection.BodyFraming == ResponseBodyFraming.Chunked)
            outcome.AddFields(connection.Trailers.Select(f => (f.Name, f.Value)));
        else if (connection.Trailers.Count > 0)
            throw new FindingException("trailers of a body without chunks");
        var position = EndResponse(outcome, expected);

        // Nothing may be lost, and nothing be left over.
        if (connection.CanReuse != (wantsMore && connection.IsRequestEnded && stream.Delivered == position))
            throw new FindingException($"to be used again: {connection.CanReuse}, at {position} with {stream.Delivered} bytes received");
        return Ending.Complete;
    }

    private static void ReadPieces(Http1Connection connection, Action<ReadOnlySpan<byte>> take, ref int steps)
    {
        while (true)
        {
            while (connection.TryReadBody(out var data))
            {
                if (data.IsEmpty || connection.CanReuse && !connection.IsResponseEnded)
                    throw new FindingException("a piece without data, or to be used again before its end");
                take(data.Span);
                Step(ref steps);
            }

            if (connection.IsResponseEnded)
                return;
            Complete(connection.ReceiveBodyAsync());
            Step(ref steps);
        }
    }

    private static byte[] ReadTunnel(Http1Connection connection)
    {
        var bytes = new List<byte>();
        var buffer = new byte[100];
        while (Complete(connection.ReadTunnelAsync(buffer)) is var count && count > 0)
            bytes.AddRange(buffer.AsSpan(0, count));
        return [.. bytes];
    }

    /// <summary>What goes on until the connection ends is all that is behind the head.</summary>
    private static void AssertRest(byte[] input, byte[] rest)
    {
        if (!input.AsSpan().EndsWith(rest) || !input.AsSpan(0, input.Length - rest.Length).EndsWith("\r\n\r\n"u8))
            throw new FindingException(
                $"{rest.Length} bytes of {input.Length} are not all that is behind a head: {Convert.ToHexString(rest)}");
    }

    private static int EndResponse(Outcome outcome, Outcome expected)
    {
        if (outcome.Ends.Count == expected.Ends.Count)
            throw new FindingException($"an end too many:\n{outcome}\n--- instead of\n{expected}");
        var position = expected.Ends[outcome.Ends.Count].Position;
        outcome.EndResponse(position);
        return position;
    }

    private static void Step(ref int steps)
    {
        if (--steps < 0)
            throw new FindingException("it comes to no end");
    }

    private static void Complete(ValueTask task)
    {
        if (!task.IsCompleted)
            throw new FindingException("it waits for what is there");
        task.GetAwaiter().GetResult();
    }

    private static T Complete<T>(ValueTask<T> task)
    {
        if (!task.IsCompleted)
            throw new FindingException("it waits for what is there");
        return task.GetAwaiter().GetResult();
    }

    private static int[] Cuts(Random random, int length) =>
        [.. Enumerable.Range(0, random.Next(8))
            .Select(_ => random.Next(1, Math.Max(2, length)))
            .Where(c => c < length)
            .Append(length)
            .Distinct()
            .Order()];
}
