using System.Net;
using System.Net.Sockets;
using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.ProxyProtocol;
using ParentProxy.Sockets;

namespace ParentProxy.Passthrough;

/// <summary>
/// A client's connection on its way through: what is read first, the choice of an enclave, the relay, and the account of it. Runs on
/// one event loop. An idle one is this object and its relay, and nothing else.
/// </summary>
internal sealed class PassthroughConnection : ISocketRelayOwner, IWatchedRelay<PassthroughConnection>
{
    /// <summary>In the place of a <see cref="ConnectionEnd"/>.</summary>
    private const int None = -1;

    private readonly PassthroughListener _listener;
    private readonly PassthroughRoutes _routes;
    private readonly EventLoop _loop;
    private readonly long _accepted;
    private readonly IPEndPoint? _peer;
    private Descriptor? _front;
    private IPEndPoint? _client;
    private IPEndPoint? _local;
    private PassthroughTarget? _target;
    private string? _details;
    private EnclaveConnection _enclave;
    private Action? _streamClosed;
    private SocketRelay? _relay;
    private long _accountedForward;
    private long _accountedBack;
    private byte[]? _header;
    private int _attempts;
    private int _cause = None;
    private int _isAccounting;
    private int _isOver;
    private bool _isCounted;

    /// <summary>Takes over a connection that was accepted.</summary>
    /// <param name="accepted">Its descriptor, and who is at the other end.</param>
    /// <param name="listener">Where it was.</param>
    /// <param name="routes">The settings that hold for it.</param>
    public PassthroughConnection(AcceptedDescriptor accepted, PassthroughListener listener, PassthroughRoutes routes)
    {
        _front = accepted.Descriptor;
        _listener = listener;
        _routes = routes;
        _loop = EventLoop.InTurn();
        _accepted = listener.Context.Time.GetTimestamp();
        _client = _peer = accepted.Peer;
    }

    /// <summary>Where it was accepted.</summary>
    public PassthroughListener Listener => _listener;

    /// <inheritdoc/>
    public PassthroughConnection? Next { get; set; }

    /// <inheritdoc/>
    public PassthroughConnection? Previous { get; set; }

    private PassthroughContext Context => _listener.Context;

    /// <summary>The other end of the socket; on a unix socket, where it has no name, this end.</summary>
    private EndPoint Peer => (EndPoint?)_peer ?? _routes.Options.Listen.EndPoint;

    /// <summary>The client, for logs.</summary>
    private string Client => _client?.ToString() ?? "a local process";

    /// <summary>Begins, on its event loop.</summary>
    public void Start()
    {
        if (EventLoop.Current == _loop)
            _ = RunAsync();
        else
            _loop.Post(static self => _ = ((PassthroughConnection)self!).RunAsync(), this);
    }

    /// <summary>Ends it for a reason of ours. May be called by any thread, and more than once: the first reason counts.</summary>
    public void Close(ConnectionEnd cause)
    {
        Interlocked.CompareExchange(ref _cause, (int)cause, None);
        Volatile.Read(ref _relay)?.Close();
    }

    /// <summary>Looks whether a time-out has passed, and accounts for what was carried. Called by the watch.</summary>
    public void Check(long now)
    {
        if (Volatile.Read(ref _relay) is not { } relay)
            return;
        Account(relay, isLast: false);
        var options = _routes.Options;
        var quiet = Context.Time.GetElapsedTime(relay.LastProgress, now);
        if (_enclave.Enclave.Status.State == EnclaveState.Gone)
            Close(ConnectionEnd.EnclaveLeft);
        else if (quiet >= options.StallTimeout && relay.IsStuck)
            Close(ConnectionEnd.Stalled);
        else if (quiet >= options.HalfCloseTimeout && relay.IsHalfClosed)
            Close(ConnectionEnd.HalfClosed);
        else if (quiet >= options.IdleTimeout)
            Close(ConnectionEnd.Idle);
    }

    /// <inheritdoc/>
    public bool MayStartOver()
    {
        var retry = Context.Configuration.Options.Retry;
        return Volatile.Read(ref _cause) == None && retry.Enabled && _attempts < retry.MaxAttempts;
    }

    /// <inheritdoc/>
    public void OnEnded()
    {
        var relay = _relay!;
        Account(relay, isLast: true);
        ReleaseEnclave();
        if (relay.IsUntouched)
        {
            Volatile.Write(ref _relay, null);
            _ = StartOverAsync(relay.Front, relay.Unsent);
            return;
        }

        if (relay.Fault is { } fault)
        {
            PassthroughLog.Fault(Context.Logger, _listener.Name, Client, fault);
            _cause = (int)ConnectionEnd.Fault;
        }

        var end = _cause != None ? (ConnectionEnd)_cause : (relay.Broken, relay.FirstEnded) switch
        {
            (null, RelaySide.Front) => ConnectionEnd.Client,
            (null, _) => ConnectionEnd.Enclave,
            (_, RelaySide.Front) => ConnectionEnd.ClientReset,
            _ => ConnectionEnd.EnclaveReset,
        };
        Finish(end, relay.CarriedForward, relay.CarriedBack, relay.Broken?.Name);
    }

    private async Task RunAsync()
    {
        try
        {
            if (!_routes.HasPreread)
            {
                if (TryCountSource())
                    await ConnectAsync(null, avoid: null);
                return;
            }

            // Where no header is believed, the client is the peer, and its number is limited before anything is waited for.
            var isKnown = !_routes.Options.ProxyProtocol.MayTell(Peer);
            if (isKnown && !TryCountSource())
                return;
            if (await PrereadAsync() is not { } preread)
            {
                Leave();
                return;
            }

            Take(preread);
            if (!isKnown && !TryCountSource())
                return;
            if (_target is null)
                Refuse(PassthroughRefusal.ServerName, $"{_details}, which Sni sends nowhere");
            else
                await ConnectAsync(preread.Bytes is { Length: > 0 } bytes ? bytes : null, avoid: null);
        }
        catch (PrereadException ex)
        {
            Refuse(ex.Reason, ex.Message);
        }
        catch (OperationCanceledException)
        {
            Refuse(PassthroughRefusal.Stopped, "the program stopped");
        }
        catch (SocketException)
        {
            // The client is gone before there was an enclave.
            Leave();
        }
        catch (Exception ex)
        {
            Fail(ex);
        }
    }

    private async Task StartOverAsync(Descriptor front, byte[]? unsent)
    {
        try
        {
            var avoid = _enclave.Enclave;
            _front = front;
            avoid.ReportEvidence(new Evidence(EvidenceKind.DialRefused, "it ended a connection over which nothing had gone yet"));
            await ConnectAsync(unsent, avoid);
        }
        catch (OperationCanceledException)
        {
            Refuse(PassthroughRefusal.Stopped, "the program stopped");
        }
        catch (Exception ex)
        {
            Fail(ex);
        }
    }

    private async ValueTask<Preread?> PrereadAsync()
    {
        // A socket of the runtime for the time, since something may have to be waited for with a time limit.
        var socket = TakeFront().ToSocket();
        var reading = new LoopSocket(socket, loop: _loop);
        try
        {
            _local = _routes.Options.ProxyProtocol.Send == ProxyProtocolSend.None ? null : socket.LocalEndPoint as IPEndPoint;
            return await new PrereadReader(_routes, Context.Time).ReadAsync(reading, Peer, _listener.Cut);
        }
        finally
        {
            reading.Release();
            _front = Descriptor.TakeFrom(socket);
        }
    }

    /// <summary>Takes over what the client's first bytes say.</summary>
    private void Take(Preread preread)
    {
        _target = _routes.TargetOf(preread.Hello?.ServerName);
        if (preread.Header?.Source is { } source)
            _client = source;
        if (_routes.ReadsServerName || preread.Header is not null)
            _details = ConnectionDetails.Describe(preread, _routes.ReadsServerName, Peer);
        _header = HeaderFor(preread.Header);
    }

    /// <summary>What the enclave is told of the client; null for nothing.</summary>
    private byte[]? HeaderFor(ProxyHeader? received)
    {
        var version = _routes.Options.ProxyProtocol.Send switch
        {
            ProxyProtocolSend.V1 => ProxyProtocolVersion.V1,
            ProxyProtocolSend.V2 => ProxyProtocolVersion.V2,
            _ => (ProxyProtocolVersion?)null,
        };
        if (version is not { } form)
            return null;
        return ProxyHeaderWriter.Write(
            form, received ?? new ProxyHeader(_peer, _local, ReadOnlyMemory<byte>.Empty));
    }

    private async ValueTask ConnectAsync(byte[]? initial, Enclave? avoid)
    {
        _target ??= _routes.Options.To;
        try
        {
            _attempts++;
            _enclave = await Context.Connector.ConnectAsync(_target!, _routes.Options, avoid, _listener.Cut);
        }
        catch (NoEnclaveException ex)
        {
            Refuse(PassthroughRefusal.NoEnclave, ex.Message);
            return;
        }

        try
        {
            if (_header is { } header)
                await _enclave.Stream.WriteAsync(header, _listener.Cut);
        }
        catch (IOException)
        {
            // The relay finds that out by itself, and whether there is another enclave to go to.
        }
        catch
        {
            _enclave.Stream.Abort();
            ReleaseEnclave();
            throw;
        }

        var (back, options, closed) = _enclave.Stream.Release();
        _streamClosed = closed;
        _enclave = _enclave with { Stream = null! };
        var relay = new SocketRelay(
            TakeFront(), Descriptor.TakeFrom(back), LoopSocketOptions.Default, options, this, _loop, Context.Time);
        if (avoid is null)
            Context.Instruments?.RecordConnect(_enclave.Enclave.Id, Context.Time.GetElapsedTime(_accepted));

        // Whoever closes it either sees the relay, or is seen here.
        Interlocked.Exchange(ref _relay, relay);
        relay.Start(initial);
        if (Volatile.Read(ref _cause) != None)
            relay.Close();
    }

    private bool TryCountSource()
    {
        var limit = _routes.Options.MaxConnectionsPerSource;
        if (limit == 0 || _client is null)
            return true;
        _isCounted = _listener.Sources.TryAdd(_client.Address, limit);
        if (!_isCounted)
            Refuse(PassthroughRefusal.SourceLimit, $"{limit} are open from its address, which is MaxConnectionsPerSource");
        return _isCounted;
    }

    private void ReleaseEnclave()
    {
        Interlocked.Exchange(ref _streamClosed, null)?.Invoke();
        _enclave.Enclave.EndRequest(_enclave.Connector);
    }

    /// <summary>Counts what was carried since it was counted last. Of two at a time one does it.</summary>
    private void Account(SocketRelay relay, bool isLast)
    {
        while (Interlocked.Exchange(ref _isAccounting, 1) == 1)
        {
            if (!isLast)
                return;
            Thread.SpinWait(1);
        }

        var (forward, back) = (relay.CarriedForward - _accountedForward, relay.CarriedBack - _accountedBack);
        if (forward != 0 || back != 0)
        {
            (_accountedForward, _accountedBack) = (_accountedForward + forward, _accountedBack + back);
            _listener.Counts.Add(forward, back);
            _enclave.Enclave.Metrics.AddRequestBytes(forward);
            _enclave.Enclave.Metrics.AddResponseBytes(back);
        }

        Volatile.Write(ref _isAccounting, 0);
    }

    /// <summary>The client left before there was an enclave: as health checks do, which is no news.</summary>
    private void Leave()
    {
        _listener.Counts.Count(Names.NoEnclave, ConnectionEnd.Client);
        Dispose(reset: false);
        Over();
    }

    private void Refuse(PassthroughRefusal reason, string detail)
    {
        _listener.Counts.Count(reason);

        // With a reset: nothing of it was taken, and a client that waits for an end in order learns nothing.
        Dispose(reset: true);
        _listener.LogRefused(Client, reason, detail);
        Over();
    }

    private void Fail(Exception fault)
    {
        _listener.Counts.Count(Names.NoEnclave, ConnectionEnd.Fault);
        Dispose(reset: true);
        PassthroughLog.Fault(Context.Logger, _listener.Name, Client, fault);
        Over();
    }

    private void Finish(ConnectionEnd end, long forward, long back, string? errno)
    {
        var lasted = Context.Time.GetElapsedTime(_accepted);
        _listener.Counts.Count(_enclave.Enclave.Id, end);
        Context.Instruments?.RecordDuration(_enclave.Enclave.Id, lasted);
        _listener.LogEnded(Client, _enclave.Enclave, end, forward, back, lasted, errno, _details);
        Over();
    }

    private Descriptor TakeFront()
    {
        var front = _front!;
        _front = null;
        return front;
    }

    private void Dispose(bool reset)
    {
        if (_front is null)
            return;
        var front = TakeFront();
        if (reset)
            front.Reset();
        else
            front.Dispose();
    }

    private void Over()
    {
        if (Interlocked.Exchange(ref _isOver, 1) == 1)
            return;
        if (_isCounted)
            _listener.Sources.Remove(_client!.Address);
        Context.Watch.Remove(this);
        _listener.OnConnectionClosed();
    }
}
