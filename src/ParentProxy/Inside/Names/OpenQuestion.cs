using ParentProxy.Dns;

namespace ParentProxy.Inside.Names;

/// <summary>A question that the parent has not answered yet.</summary>
/// <param name="id">What ties the answer to it: ours, not the asker's.</param>
/// <param name="query">The question, as it was asked.</param>
internal sealed class OpenQuestion(ushort id, DnsQuery query)
{
    private readonly TaskCompletionSource<UpstreamResult> _result = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile ParentStream? _stream;
    private volatile bool _isLeft;

    public ushort Id => id;

    public DnsQuery Query => query;

    /// <summary>What came of it.</summary>
    public Task<UpstreamResult> Result => _result.Task;

    /// <summary>Whether nobody waits for an answer any more.</summary>
    public bool IsOver => _isLeft || _result.Task.IsCompleted;

    /// <summary>On how many streams it was sent.</summary>
    public int Sent { get; private set; }

    /// <summary>When it was sent last.</summary>
    public long SentAt { get; private set; }

    /// <summary>The stream on which it was sent last; null before.</summary>
    public ParentStream? Stream => _stream;

    /// <summary>It is being sent; how far it comes is not known when that fails.</summary>
    public void Send(ParentStream stream, long now)
    {
        Sent++;
        SentAt = now;
        _stream = stream;
    }

    /// <summary>It is answered, or will not be.</summary>
    public void End(UpstreamResult result) => _result.TrySetResult(result);

    /// <summary>Nobody waits any more.</summary>
    public void Leave() => _isLeft = true;

    /// <summary>The message for the parent.</summary>
    public byte[] Message()
    {
        var bytes = query.Bytes.ToArray();
        bytes[0] = (byte)(id >> 8);
        bytes[1] = (byte)id;
        return bytes;
    }
}
