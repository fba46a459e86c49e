using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using ParentProxy.Dns;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Runtime;

namespace ParentProxy.Inside.Names;

/// <summary>
/// Asks the parent: any number of questions side by side on one stream, each by an id of ours. The parent closes a stream on which nothing
/// is asked, so it is dialled when there is a question. Those that are under way when it breaks are asked once more on the next one. While
/// the parent is away it is dialled again and again; once that has lasted as long as a question may take, further ones end at once.
/// </summary>
internal sealed class ParentLine : IDnsUpstream, IAsyncDisposable
{
    /// <summary>Sent on one stream, and once more when that broke: a question that breaks every stream must not go on for ever.</summary>
    private const int MaxSent = 2;

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(1);

    private readonly EnclaveEndpoint _parent;
    private readonly IEnclaveDialer _dialer;
    private readonly TimeSpan _timeout;
    private readonly TimeSpan _connectTimeout;
    private readonly TimeProvider _clock;
    private readonly ILogger _logger;
    private readonly int _maxOpen;
    private readonly Lock _lock = new();
    private readonly Dictionary<ushort, OpenQuestion> _open = [];
    private readonly Channel<OpenQuestion> _unsent =
        Channel.CreateUnbounded<OpenQuestion>(new UnboundedChannelOptions { SingleReader = true });
    private readonly BackgroundLoop _carrying;
    private ushort _lastId = (ushort)Random.Shared.Next();

    // Since when no answer could be had, and how that failed last; null while they come.
    private long? _failing;
    private string _failure = "";
    private bool _isSaid;
    private volatile bool _isAway;

    /// <summary>Begins to wait for questions; nothing is dialled before the first.</summary>
    /// <param name="parent">The parent's <c>Egress:Dns</c>.</param>
    /// <param name="timeout">How long a question may take.</param>
    /// <param name="context">The way there, and the clock.</param>
    /// <param name="logger">Where it is said that the parent is away, or back.</param>
    /// <param name="maxOpen">Questions that are open at most.</param>
    public ParentLine(EnclaveEndpoint parent, TimeSpan timeout, InsideContext context, ILogger logger, int maxOpen)
    {
        _parent = parent;
        _dialer = context.Dialer;
        _timeout = timeout;
        _connectTimeout = context.Options.ConnectTimeout < timeout ? context.Options.ConnectTimeout : timeout;
        _clock = context.Time;
        _logger = logger;
        _maxOpen = maxOpen;
        _carrying = new BackgroundLoop(fault => NamesLog.LineFault(logger, parent, fault));
        _carrying.Start(CarryAsync);
    }

    /// <inheritdoc/>
    public async Task<UpstreamResult> AskAsync(DnsQuery query)
    {
        if (_isAway)
            return Unreached();
        if (Open(query) is not { } question)
            return new UpstreamResult(null, UpstreamResult.Busy, $"nobody was asked, as {_maxOpen} questions are open");
        try
        {
            _unsent.Writer.TryWrite(question);
            return await question.Result.WaitAsync(_timeout, _clock).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            // A stream that says nothing at all may be one that leads nowhere.
            if (question.Stream is not { } stream)
                return Unreached();
            stream.AbortIfMuteSince(question.SentAt);
            return new UpstreamResult(null, "timeout", $"{_parent} has not answered in time");
        }
        finally
        {
            question.Leave();
            lock (_lock)
                _open.Remove(question.Id);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _carrying.DisposeAsync().ConfigureAwait(false);
        _isAway = true;
        EndAll(new UpstreamResult(null, "ended", "the program ends"));
    }

    private UpstreamResult Unreached() => new(null, "timeout", $"{_parent} is away: {_failure}");

    private OpenQuestion? Open(DnsQuery query)
    {
        lock (_lock)
        {
            if (_open.Count >= _maxOpen)
                return null;
            do
                _lastId++;
            while (_open.ContainsKey(_lastId));
            return _open[_lastId] = new OpenQuestion(_lastId, query);
        }
    }

    private async Task CarryAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (_isAway || await _unsent.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
        {
            if (await TryCarryOnceAsync(cancellationToken).ConfigureAwait(false) is not { } failure)
            {
                pause = FirstPause;
                continue;
            }

            OnFailed(failure);
            await Task.Delay(pause, _clock, cancellationToken).ConfigureAwait(false);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    /// <summary>Dials a stream and carries questions to its end. Null when answers came, or nothing was asked.</summary>
    private async Task<string?> TryCarryOnceAsync(CancellationToken cancellationToken)
    {
        ParentStream stream;
        try
        {
            var connection = await _dialer.DialAsync(_parent, _connectTimeout, cancellationToken).ConfigureAwait(false);
            stream = new ParentStream(connection, OnMessage, _clock);
        }
        catch (DialException ex)
        {
            return $"{ex.Code} ({ex.Meaning})";
        }

        _isAway = false;
        var end = await stream.CarryAsync(_unsent.Reader, cancellationToken).ConfigureAwait(false);
        AskAgain(stream, end);
        return stream.HasAsked && !stream.HasReceived ? $"the stream ended without an answer: {end}" : null;
    }

    private void OnFailed(string failure)
    {
        _failure = failure;
        _failing ??= _clock.GetTimestamp();
        if (_clock.GetElapsedTime(_failing.Value) < _timeout)
            return;
        _isAway = true;
        if (_isSaid)
            return;
        _isSaid = true;
        NamesLog.ParentAway(_logger, _parent, failure);
    }

    private void OnMessage(byte[] bytes)
    {
        if (_failing is not null)
        {
            _failing = null;
            if (_isSaid)
                NamesLog.ParentBack(_logger, _parent);
            _isSaid = false;
        }

        // Whatever is no answer to a question of ours leaves that open: who asked gets SERVFAIL when its time is over.
        if (!DnsMessage.TryRead(bytes, out var message))
            return;
        OpenQuestion? question;
        lock (_lock)
            _open.TryGetValue(message.Id, out question);
        if (question is null || !question.Query.IsAnsweredBy(message))
            return;
        var code = UpstreamResult.Word(message.ResponseCode);
        question.End(new UpstreamResult(message, code, $"{_parent}: {code}"));
    }

    /// <summary>What was under way on a stream that is over is sent once more.</summary>
    private void AskAgain(ParentStream stream, string end)
    {
        OpenQuestion[] unanswered;
        lock (_lock)
            unanswered = [.. _open.Values.Where(question => question.Stream == stream)];
        foreach (var question in unanswered)
        {
            if (question.Sent < MaxSent)
                _unsent.Writer.TryWrite(question);
            else
                question.End(new UpstreamResult(null, "timeout", $"{_parent}: two streams ended without an answer: {end}"));
        }
    }

    private void EndAll(UpstreamResult result)
    {
        OpenQuestion[] open;
        lock (_lock)
            open = [.. _open.Values];
        foreach (var question in open)
            question.End(result);
    }
}
