using System.Buffers;
using System.Text;
using ParentProxy.Http1;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Http1;

public sealed class Http1ConnectionTests : IDisposable
{
    private const string Empty = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

#pragma warning disable CA2213 // The connection disposes it.
    private readonly PeerStream _peer = new();
#pragma warning restore CA2213
    private readonly Http1Connection _connection;

    public Http1ConnectionTests() => _connection = new Http1Connection(_peer, Http1Limits.Default);

    public void Dispose() => _connection.Dispose();

    [Theory]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", true)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", "Length", "", true)]
    [InlineData(
        "GET",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3;x=y\r\nllo\r\n0\r\nX-Sum: 1\r\n\r\n",
        "Chunked",
        "hello",
        true)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\n\r\nhello", "Close", "hello", false)]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", false)]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", true)]
    [InlineData("GET", "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nhello", "Close", "hello", false)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", false)]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nConnection: keep-alive, close\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", false)]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", "None", "", true)]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "None", "", true)]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\n\r\n", "None", "", true)]
    [InlineData("head", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello", "Length", "hello", true)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\n\r\n", "None", "", true)]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n", "None", "", true)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", "None", "", true)]
    [InlineData("GET", "HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n", "None", "", false)]
    [InlineData(
        "GET",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
        "Length",
        "hello",
        true)]
    public async Task Response_OfEachFraming_HasItsBodyAndTellsWhetherAnotherMayFollow(
        string method, string response, string framing, string body, bool canReuse)
    {
        await SendAsync(method);
        _peer.PeerSends(Bytes(response));
        if (framing == "Close")
            _peer.PeerEnds();

        var head = await ReadFinalHeadAsync();

        Assert.InRange(head.Status, 200, 599);
        Assert.Equal(framing, _connection.BodyFraming.ToString());
        Assert.Equal(body, await ReadBodyAsync());
        Assert.Equal((true, canReuse), (_connection.IsResponseEnded, _connection.CanReuse));
        Assert.Equal(response.Contains("X-Sum", StringComparison.Ordinal) ? [new FieldLine("X-Sum", "1")] : [], _connection.Trailers);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4e20\r\n")]
    public async Task Body_LargerThanTheBuffer_ComesWholeAndOnlyItsEndAllowsReuse(string head)
    {
        var body = new string('x', 20_000);
        await SendAsync();
        _peer.PeerSends(Bytes(head + body));
        await _connection.ReadHeadAsync();
        Assert.False(_connection.CanReuse);

        var read = new StringBuilder();
        while (read.Length < body.Length)
        {
            if (!_connection.TryReadBody(out var piece))
            {
                Assert.False(_connection.CanReuse);
                await _connection.ReceiveBodyAsync();
            }

            read.Append(Encoding.Latin1.GetString(piece.Span));
        }

        if (!_connection.IsResponseEnded)
        {
            Assert.False(_connection.TryReadBody(out _));
            Assert.False(_connection.CanReuse);
            _peer.PeerSends("\r\n0\r\n\r\n"u8);
            Assert.Equal("", await ReadBodyAsync());
        }

        Assert.Equal(body, read.ToString());
        Assert.True(_connection.CanReuse);
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n")]
    public async Task Body_CutByThePeer_IsNotTakenForAWholeOne(string response)
    {
        await SendAsync();
        _peer.PeerSends(Bytes(response));
        _peer.PeerEnds();
        await _connection.ReadHeadAsync();

        await Assert.ThrowsAsync<EndOfStreamException>(ReadBodyAsync);

        Assert.Equal((false, false), (_connection.IsResponseEnded, _connection.CanReuse));
    }

    [Theory]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le")]
    [InlineData("HTTP/1.1 100 Continue\r\n\r\n")]
    public async Task Head_CutByThePeer_EndsWithTheStream(string response)
    {
        await SendAsync();
        _peer.PeerSends(Bytes(response));
        _peer.PeerEnds();

        await Assert.ThrowsAsync<EndOfStreamException>(ReadFinalHeadAsync);

        Assert.Equal((response != "", false), (_connection.HasReceived, _connection.CanReuse));
    }

    [Theory]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("GET", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n")]
    [InlineData("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 2\r\n\r\n")]
    [InlineData("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n")]
    public async Task Response_WithBytesBehindIt_IsTheLastAndTheyAreNoPartOfIt(string method, string response)
    {
        await SendAsync(method);
        _peer.PeerSends(Bytes(response + Empty));

        await _connection.ReadHeadAsync();

        Assert.Equal(_connection.BodyFraming == ResponseBodyFraming.None ? "" : "ok", await ReadBodyAsync());
        Assert.Equal((true, false), (_connection.IsResponseEnded, _connection.CanReuse));
    }

    [Fact]
    public async Task Response_NotReadToItsEnd_AllowsNoReuse()
    {
        await SendAsync();
        _peer.PeerSends(Bytes("HTTP/1.1 200 OK\r\nContent-Length: 39\r\n\r\n"));
        await _connection.ReadHeadAsync();

        // What follows could be read as the answer to the next request.
        _peer.PeerSends(Bytes(Empty));

        Assert.Equal((false, false), (_connection.IsResponseEnded, _connection.CanReuse));
    }

    [Fact]
    public async Task Response_BeforeTheEndOfTheRequest_IsReadAndAllowsNoReuse()
    {
        _connection.Begin("POST", "/");
        _connection.Request.Field("Content-Length", "5");
        _connection.Request.EndFields();
        await _connection.FlushAsync(last: false);
        _peer.PeerSends(Bytes("HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno"));

        Assert.Equal(413, (await _connection.ReadHeadAsync()).Status);
        Assert.Equal("no", await ReadBodyAsync());
        Assert.Equal((false, false), (_connection.IsRequestEnded, _connection.CanReuse));

        // Its end comes too late: the peer may have given the rest up.
        _connection.Request.Bytes(new ReadOnlySequence<byte>("hello"u8.ToArray()));
        await _connection.FlushAsync(last: true);
        Assert.False(_connection.CanReuse);
    }

    [Theory]
    [InlineData(15_000)]
    [InlineData(16 * 1024)]
    [InlineData(40_000)]
    [InlineData(65_000)]
    public async Task Head_LargerThanTheFirstBuffer_IsReadAndTheBodyBehindIt(int length)
    {
        await SendAsync();
        _peer.PeerSends(Bytes($"HTTP/1.1 200 OK\r\nX: {new string('x', length)}\r\nContent-Length: 5\r\n\r\nhello"));

        var head = await _connection.ReadHeadAsync();

        Assert.Equal(length, head.Fields[0].Value.Length);
        Assert.Equal("hello", await ReadBodyAsync());
        Assert.True(_connection.CanReuse);

        // And the connection serves the next one, with a buffer of its own size again.
        _connection.EnterIdle(_ => Assert.Fail("ended"));
        Assert.True(_connection.TryLeaveIdle());
        await SendAsync();
        _peer.PeerSends(Bytes(Empty));
        Assert.Equal(200, (await _connection.ReadHeadAsync()).Status);
    }

    [Fact]
    public async Task Head_AboveTheLimit_IsRefused()
    {
        await SendAsync();
        _peer.PeerSends(Bytes($"HTTP/1.1 200 OK\r\nX: {new string('x', 64 * 1024)}\r\n\r\n"));

        await Assert.ThrowsAsync<InvalidResponseException>(ReadFinalHeadAsync);
    }

    [Fact]
    public async Task Interims_HoweverMany_AreRead()
    {
        const int Count = 5000;
        await SendAsync();
        _peer.PeerSends(Bytes(string.Concat(Enumerable.Repeat("HTTP/1.1 102 Processing\r\n\r\n", Count)) + Empty));

        for (var i = 0; i < Count; i++)
            Assert.Equal(102, (await _connection.ReadHeadAsync()).Status);
        Assert.Equal(200, (await _connection.ReadHeadAsync()).Status);
    }

    [Fact]
    public async Task Interim_AboveTheLimitOfAHead_IsRefused()
    {
        await SendAsync();
        _peer.PeerSends(Bytes($"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nX: {new string('x', 64 * 1024)}\r\n\r\n"));

        Assert.Equal(102, (await _connection.ReadHeadAsync()).Status);
        await Assert.ThrowsAsync<InvalidResponseException>(async () => await _connection.ReadHeadAsync());
    }

    [Fact]
    public async Task Request_WithTheFirstBytesOfItsBody_GoesOutInOneWrite()
    {
        _connection.Begin("POST", "/a?b");
        _connection.Request.Field("Transfer-Encoding", "chunked");
        _connection.Request.EndFields();
        _connection.Request.Chunk(new ReadOnlySequence<byte>(new byte[26]));
        await _connection.FlushAsync(last: false);

        var head = $"POST /a?b HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1a\r\n{new string('\0', 26)}\r\n";
        Assert.Equal(head, Encoding.Latin1.GetString(Assert.Single(_peer.Writes)));
        Assert.Equal((head.Length, true, false), (_connection.BytesSent, _connection.HasSent, _connection.IsRequestEnded));

        // No data would be the last chunk.
        _connection.Request.Chunk(ReadOnlySequence<byte>.Empty);
        Assert.Equal(0, _connection.Request.Count);
        _connection.Request.LastChunk();
        _connection.Request.Field("X-Sum", "1");
        _connection.Request.EndFields();
        await _connection.FlushAsync(last: true);

        Assert.Equal("0\r\nX-Sum: 1\r\n\r\n", Encoding.Latin1.GetString(_peer.Writes[1]));
        Assert.Equal((2, true), (_peer.Writes.Count, _connection.IsRequestEnded));
    }

    [Fact]
    public async Task Flush_OfNothing_WritesNothingAndMayEndTheRequest()
    {
        await _connection.FlushAsync(last: true);

        Assert.Empty(_peer.Writes);
        Assert.Equal((0, false, true), (_connection.BytesSent, _connection.HasSent, _connection.IsRequestEnded));
    }

    [Fact]
    public async Task Chunk_OfSeveralSegments_IsOneChunk()
    {
        var last = new Segment("cd"u8.ToArray(), 2);
        var first = new Segment("ab"u8.ToArray(), 0, last);
        _connection.Request.Chunk(new ReadOnlySequence<byte>(first, 0, last, 2));
        _connection.Request.Bytes(new ReadOnlySequence<byte>(first, 1, last, 1));
        await _connection.FlushAsync(last: false);

        Assert.Equal("4\r\nabcd\r\nbc", Encoding.Latin1.GetString(Assert.Single(_peer.Writes)));
    }

    [Theory]
    [InlineData("", "/")]
    [InlineData("GET ", "/")]
    [InlineData("G\r\nT", "/")]
    [InlineData("G\u00E9T", "/")]
    [InlineData("GET", "")]
    [InlineData("GET", "/ HTTP/1.1\r\nX: y\r\n\r\n")]
    [InlineData("GET", "/a b")]
    [InlineData("GET", "/\0")]
    [InlineData("GET", "/\t")]
    [InlineData("GET", "/\u0100")]
    public async Task Begin_WithWhatWouldBreakTheMessage_IsRefusedBeforeAByteIsSent(string method, string target)
    {
        Assert.Throws<InvalidRequestException>(() => _connection.Begin(method, target));

        await _connection.FlushAsync(last: false);
        Assert.Empty(_peer.Writes);
    }

    [Theory]
    [InlineData("", "x")]
    [InlineData("a b", "x")]
    [InlineData("a:", "x")]
    [InlineData("a\r\nb", "x")]
    [InlineData("\u00E9", "x")]
    [InlineData("a", "x\r\ny: z")]
    [InlineData("a", "x\ny")]
    [InlineData("a", "x\ry")]
    [InlineData("a", "x\0")]
    public void Field_WithWhatWouldBreakTheMessage_IsRefused(string name, string value)
    {
        _connection.Begin("GET", "/");
        var count = _connection.Request.Count;

        Assert.Throws<InvalidRequestException>(() => _connection.Request.Field(name, value));

        Assert.Equal(count, _connection.Request.Count);
    }

    [Fact]
    public async Task Field_WithLegalBytesOfAnyKind_IsWrittenAsItIs()
    {
        var value = string.Concat(Enumerable.Range(1, 255).Where(c => c is not ('\r' or '\n')).Select(c => (char)c));
        _connection.Request.Field("x!#$%&'*+-.^_`|~09aZ", value);
        await _connection.FlushAsync(last: false);

        Assert.Equal($"x!#$%&'*+-.^_`|~09aZ: {value}\r\n", Encoding.Latin1.GetString(Assert.Single(_peer.Writes)));
    }

    [Fact]
    public async Task Idle_PeerEnds_IsToldOnceAndCannotBeTaken()
    {
        await ServeOneAsync();
        var ended = 0;
        _connection.EnterIdle(_ => ended++);
        Assert.Equal((0, false), (ended, _connection.HasEnded));

        _peer.PeerEnds();

        Assert.Equal((1, true, false), (ended, _connection.HasEnded, _connection.TryLeaveIdle()));
    }

    [Fact]
    public async Task Idle_PeerEndedOrSpokeBefore_IsToldBeforeItReturns()
    {
        foreach (var speaks in (bool[])[false, true])
        {
            var peer = new PeerStream { Answer = Bytes(Empty) };
            using var connection = new Http1Connection(peer, Http1Limits.Default);
            connection.Begin("GET", "/");
            connection.Request.EndFields();
            await connection.FlushAsync(last: true);
            await connection.ReadHeadAsync();
            Assert.True(connection.CanReuse);
            if (speaks)
                peer.PeerSends("HTTP/1.1 408 Request Timeout\r\n\r\n"u8);
            else
                peer.PeerEnds();
            var ended = 0;

            connection.EnterIdle(_ => ended++);

            Assert.Equal((1, false), (ended, connection.TryLeaveIdle()));
        }
    }

    [Fact]
    public async Task Idle_PeerSpeaksUnasked_IsToldAndCannotBeTaken()
    {
        await ServeOneAsync();
        var ended = 0;
        _connection.EnterIdle(_ => ended++);

        _peer.PeerSends(Bytes(Empty));

        Assert.Equal((1, false), (ended, _connection.TryLeaveIdle()));
    }

    [Fact]
    public async Task Idle_TakenBeforeThePeerEnds_TellsTheRequestAndNobodyElse()
    {
        await ServeOneAsync();
        _connection.EnterIdle(_ => Assert.Fail("told"));
        Assert.True(_connection.TryLeaveIdle());
        Assert.False(_connection.TryLeaveIdle());
        await SendAsync();
        var head = ReadFinalHeadAsync();

        _peer.PeerEnds();

        await Assert.ThrowsAsync<EndOfStreamException>(() => head.WaitAsync(TestDeadline.Value));
        Assert.Equal(
            (true, true, false, false), (_connection.IsReused, _connection.HasSent, _connection.HasReceived, _connection.HasEnded));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Idle_PeerSpeaksOrEndsBetweenTakenAndSent_IsSentNothingAndAnswersNothing(bool speaks)
    {
        await ServeOneAsync();
        _connection.EnterIdle(_ => Assert.Fail("told"));
        Assert.True(_connection.TryLeaveIdle());
        Assert.Equal((false, false, 0L), (_connection.HasSent, _connection.HasReceived, _connection.BytesSent));
        Assert.True(_connection.IsReceiveQueueEmpty);
        if (speaks)
            _peer.PeerSends("HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"u8);
        else
            _peer.PeerEnds();
        Assert.False(_connection.IsReceiveQueueEmpty);
        var written = _peer.Writes.Count;

        await Assert.ThrowsAsync<EndOfStreamException>(() => SendAsync());
        var failure = await Assert.ThrowsAnyAsync<IOException>(ReadFinalHeadAsync);

        Assert.IsType(speaks ? typeof(UnsolicitedResponseException) : typeof(EndOfStreamException), failure);
        Assert.Equal((written, false, false), (_peer.Writes.Count, _connection.HasSent, _connection.HasReceived));
    }

    [Fact]
    public async Task Idle_AbortedWhenTaken_FailsTheRequestAlone()
    {
        await ServeOneAsync();
        _connection.EnterIdle(_ => Assert.Fail("told"));
        Assert.True(_connection.TryLeaveIdle());
        _connection.Begin("GET", "/");
        _connection.Abort();

        await Assert.ThrowsAsync<ObjectDisposedException>(ReadFinalHeadAsync);

        Assert.False(_connection.CanReuse);
    }

    [Fact]
    public async Task Idle_TakenAndUsedManyTimes_ServesEachFromTheSameRead()
    {
        await ServeOneAsync();
        for (var i = 0; i < 5; i++)
        {
            _connection.EnterIdle(_ => Assert.Fail("told"));
            Assert.True(_connection.TryLeaveIdle());
            await SendAsync();
            var head = _connection.ReadHeadAsync().AsTask();
            _peer.PeerSends(Bytes($"HTTP/1.1 21{i} OK\r\nContent-Length: 1\r\n\r\n"));
            Assert.Equal(210 + i, (await head.WaitAsync(TestDeadline.Value)).Status);
            _peer.PeerSends("x"u8);
            Assert.Equal("x", await ReadBodyAsync());
            Assert.True(_connection.CanReuse);
        }
    }

    [Fact]
    public async Task KeepAlive_Named_IsThatOfTheLastResponse()
    {
        await SendAsync();
        _peer.PeerSends("HTTP/1.1 200 OK\r\nKeep-Alive: timeout=7\r\nContent-Length: 0\r\n\r\n"u8);
        await _connection.ReadHeadAsync();
        Assert.Equal(7, _connection.KeepAliveSeconds);

        await ServeOneAsync();
        Assert.Null(_connection.KeepAliveSeconds);
    }

    [Fact]
    public async Task Abort_WhileTheHeadIsAwaited_EndsTheWait()
    {
        await SendAsync();
        var head = ReadFinalHeadAsync();

        _connection.Abort();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => head.WaitAsync(TestDeadline.Value));
    }

    [Fact]
    public async Task Abort_WhileTheBodyIsAwaited_EndsTheWait()
    {
        await SendAsync();
        _peer.PeerSends("HTTP/1.1 200 OK\r\n\r\n"u8);
        await _connection.ReadHeadAsync();
        var body = ReadBodyAsync();

        _connection.Abort();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => body.WaitAsync(TestDeadline.Value));
        Assert.False(_connection.IsResponseEnded);
    }

    [Fact]
    public async Task Abort_WhileThePeerTakesNothing_EndsTheWrite()
    {
        _peer.BlocksWrites = true;
        _connection.Begin("GET", "/");
        _connection.Request.EndFields();
        var flush = _connection.FlushAsync(last: true).AsTask();
        Assert.False(flush.IsCompleted);

        _connection.Abort();

        await Assert.ThrowsAsync<ObjectDisposedException>(() => flush.WaitAsync(TestDeadline.Value));
        Assert.Equal((true, 0), (_connection.HasSent, _connection.BytesSent));
    }

    [Fact]
    public async Task Tunnel_WithBytesThatCameWithThe101_GivesThemFirstAlsoAfterAWait()
    {
        await SendAsync();
        _peer.PeerSends("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhello"u8);
        Assert.Equal(101, (await _connection.ReadHeadAsync()).Status);
        Assert.Equal((ResponseBodyFraming.Tunnel, false), (_connection.BodyFraming, _connection.CanReuse));
        var buffer = new byte[3];

        // A wait for bytes that are there already is none.
        Assert.Equal(0, await _connection.ReadTunnelAsync(Memory<byte>.Empty).AsTask().WaitAsync(TestDeadline.Value));
        Assert.Equal(3, await _connection.ReadTunnelAsync(buffer));
        Assert.Equal("hel"u8, buffer);
        Assert.Equal(2, await _connection.ReadTunnelAsync(buffer));
        _peer.PeerSends("x"u8);
        Assert.Equal(1, await _connection.ReadTunnelAsync(buffer));
        Assert.Equal((byte)'x', buffer[0]);
        await _connection.WriteTunnelAsync("up"u8.ToArray());
        _connection.ShutdownSend();
        _peer.PeerEnds();
        Assert.Equal(0, await _connection.ReadTunnelAsync(buffer));
        Assert.Equal("up"u8, _peer.Writes[^1]);
        Assert.True(_peer.IsSendShutDown);
    }

    private static byte[] Bytes(string latin1) => Encoding.Latin1.GetBytes(latin1);

    private async Task SendAsync(string method = "GET")
    {
        _connection.Begin(method, "/");
        _connection.Request.EndFields();
        await _connection.FlushAsync(last: true);
    }

    private async Task ServeOneAsync()
    {
        await SendAsync();
        _peer.PeerSends(Bytes(Empty));
        await _connection.ReadHeadAsync();
        Assert.True(_connection.CanReuse);
    }

    private async Task<ResponseHead> ReadFinalHeadAsync()
    {
        var head = await _connection.ReadHeadAsync();
        while (head.IsInterim)
            head = await _connection.ReadHeadAsync();
        return head;
    }

    private async Task<string> ReadBodyAsync()
    {
        var body = new StringBuilder();
        while (true)
        {
            while (_connection.TryReadBody(out var piece))
                body.Append(Encoding.Latin1.GetString(piece.Span));
            if (_connection.IsResponseEnded)
                return body.ToString();
            await _connection.ReceiveBodyAsync();
        }
    }

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes, long runningIndex, Segment? next = null) => (Memory, RunningIndex, Next) = (bytes, runningIndex, next);
    }
}
