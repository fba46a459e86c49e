using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using ParentProxy.Dns;
using ParentProxy.Vsock;

namespace ParentProxy.Egress.Resolving;

/// <summary>
/// Asks resolvers: over UDP, from a port and with an id that nobody can guess, and over TCP for what does not fit. Whoever is slow is
/// still listened to while the next is asked, so that a resolver that has to look far is not given up for lost.
/// </summary>
/// <param name="resolvers">The resolvers at the moment, in the order in which they are asked.</param>
/// <param name="clock">The clock of the time-outs.</param>
/// <param name="maxOpen">Questions that are open at most: each has sockets of its own, and mute resolvers would take them all.</param>
internal sealed class UpstreamClient(
    Func<ValueTask<IReadOnlyList<IPEndPoint>>> resolvers, TimeProvider clock, int maxOpen = UpstreamClient.MaxOpen) : IDnsUpstream
{
    private const int MaxOpen = 4000;

    // Resolvers of enclaves ask again after 2.5 seconds, and some wait for ever: they have an answer within two.
    private static readonly TimeSpan Total = TimeSpan.FromSeconds(1.9);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(0.8);

    private const int MaxUdpBytes = 4096;
    private const int LengthBytes = 2;

    private readonly SendWindow _window = new(clock);
    private int _open;

    /// <inheritdoc/>
    public async Task<UpstreamResult> AskAsync(DnsQuery query)
    {
        using var over = new CancellationTokenSource(Total, clock);
        try
        {
            if (Interlocked.Increment(ref _open) > maxOpen)
                return new UpstreamResult(null, UpstreamResult.Busy, $"nobody was asked, as {maxOpen} questions are open");
            var all = await resolvers().ConfigureAwait(false);
            return await AskAsync(query, new Queue<IPEndPoint>(all.Concat(all)), over.Token).ConfigureAwait(false);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            await over.CancelAsync().ConfigureAwait(false);
        }
    }

    /// <param name="query">The question.</param>
    /// <param name="tries">Whom to ask in turn; who has failed is not asked again.</param>
    /// <param name="over">Fires when the time is over.</param>
    private async Task<UpstreamResult> AskAsync(DnsQuery query, Queue<IPEndPoint> tries, CancellationToken over)
    {
        var asked = new List<Task<UpstreamReply>>();
        var failed = new List<UpstreamReply>();
        while (true)
        {
            while (tries.TryDequeue(out var next))
            {
                if (!failed.Exists(reply => reply.Resolver.Equals(next)))
                {
                    asked.Add(AskAsync(query, next, over));
                    break;
                }
            }

            if (asked.Count == 0)
                return Failed(failed);

            Task[] awaited = tries.Count > 0 ? [.. asked, Task.Delay(Patience, clock, over)] : [.. asked];
            if (await Task.WhenAny(awaited).ConfigureAwait(false) is not Task<UpstreamReply> answered)
            {
                if (over.IsCancellationRequested)
                    tries.Clear();
                continue;
            }

            asked.Remove(answered);
            var reply = await answered.ConfigureAwait(false);
            if (UpstreamResult.IsKnowledge(reply.Message))
                return new UpstreamResult(reply.Message, reply.Code, reply.ToString());
            failed.Add(reply);
        }
    }

    private static UpstreamResult Failed(List<UpstreamReply> failed)
    {
        var last = failed.FindLast(reply => reply.Message is not null) ?? failed[^1];
        return new UpstreamResult(last.Message, last.Code, string.Join("; ", failed.Select(reply => reply.ToString()).Distinct()));
    }

    private async Task<UpstreamReply> AskAsync(DnsQuery query, IPEndPoint resolver, CancellationToken over)
    {
        var transport = "UDP";
        try
        {
            var bytes = new byte[LengthBytes + query.Bytes.Length];
            BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)query.Bytes.Length);
            query.Bytes.CopyTo(bytes.AsMemory(LengthBytes));
            RandomNumberGenerator.Fill(bytes.AsSpan(LengthBytes, 2));
            var answer = await AskUdpAsync(query, bytes.AsMemory(LengthBytes), resolver, over).ConfigureAwait(false);
            if (answer is null || (answer.Flags & DnsFlags.Truncated) != 0)
            {
                transport = "TCP";
                answer = await AskTcpAsync(query, bytes, resolver, over).ConfigureAwait(false);
            }

            var code = UpstreamResult.Word(answer.ResponseCode);
            return new UpstreamReply(resolver, query.IsAnsweredBy(answer) ? answer : null, code, $"{code} ({transport})");
        }
        catch (OperationCanceledException)
        {
            return new UpstreamReply(resolver, null, "timeout", $"no answer ({transport})");
        }
        catch (SocketException ex)
        {
            var errno = Errno.FromSocketError(ex.SocketErrorCode);
            return new UpstreamReply(resolver, null, errno.Name, $"{errno.Name}, {errno.Description} ({transport})");
        }
        catch (InvalidDataException ex)
        {
            return new UpstreamReply(resolver, null, "malformed", $"{ex.Message} ({transport})");
        }
    }

    /// <summary>Null for an answer that cannot be read: it may have been too long.</summary>
    private async Task<DnsMessage?> AskUdpAsync(
        DnsQuery query, ReadOnlyMemory<byte> bytes, IPEndPoint resolver, CancellationToken over)
    {
        // Connected: the kernel chooses a random port, takes answers from nobody else, and says when nobody listens.
        using var socket = new Socket(resolver.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(resolver, over).ConfigureAwait(false);
        using var place = await _window.EnterAsync(over).ConfigureAwait(false);
        await socket.SendAsync(bytes, SocketFlags.None, over).ConfigureAwait(false);
        var buffer = new byte[Math.Min(query.UdpBytes, MaxUdpBytes) + 1];
        while (true)
        {
            var count = await socket.ReceiveAsync(buffer, SocketFlags.None, over).ConfigureAwait(false);
            if (count < DnsMessage.HeaderBytes || !buffer.AsSpan(0, 2).SequenceEqual(bytes.Span[..2]))
                continue;
            if (!DnsMessage.TryRead(buffer.AsMemory(0, count), out var message))
                return null;
            if (IsFor(query, message))
                return message;
        }
    }

    private static async Task<DnsMessage> AskTcpAsync(
        DnsQuery query, ReadOnlyMemory<byte> framed, IPEndPoint resolver, CancellationToken over)
    {
        using var socket = new Socket(resolver.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        await socket.ConnectAsync(resolver, over).ConfigureAwait(false);
        await socket.SendAsync(framed, SocketFlags.None, over).ConfigureAwait(false);
        var length = new byte[LengthBytes];
        await ReadAsync(length).ConfigureAwait(false);
        var bytes = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await ReadAsync(bytes).ConfigureAwait(false);
        return DnsMessage.TryRead(bytes, out var message)
            && message.Id == BinaryPrimitives.ReadUInt16BigEndian(framed.Span[LengthBytes..])
            && IsFor(query, message)
                ? message
                : throw new InvalidDataException("what it answers is no answer to the question");

        async Task ReadAsync(Memory<byte> left)
        {
            while (left.Length > 0)
            {
                var count = await socket.ReceiveAsync(left, SocketFlags.None, over).ConfigureAwait(false);
                left = count > 0 ? left[count..] : throw new InvalidDataException("it closed before it had answered");
            }
        }
    }

    // Some answer what they do not understand, such as EDNS, without the question.
    private static bool IsFor(DnsQuery query, DnsMessage message) => query.IsAnsweredBy(message)
        || message.Questions == 0 && (message.Flags & DnsFlags.Response) != 0 && !UpstreamResult.IsKnowledge(message);
}
