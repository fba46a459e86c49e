using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Sockets;

namespace ParentProxy.Inside.Names;

/// <summary>Questions over TCP on one address. Connections above the limit wait in the kernel's queue until one is over.</summary>
internal sealed class StreamListener : IListenerOwner, IAsyncDisposable
{
    private const int MaxOpen = 256;

    private readonly NameAnswers _answers;
    private readonly TimeProvider _clock;
    private readonly LoopListener _listener;
    private readonly ListenerLifetime _lifetime;

    // Neither has a handle to give back, and both are asked for until the last connection is over.
    private readonly SemaphoreSlim _room = new(MaxOpen);
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Binds, and begins to listen; nothing is accepted before <see cref="Start"/>.</summary>
    /// <exception cref="SocketException">The address cannot be had.</exception>
    public StreamListener(InsideAddress address, NameAnswers answers, TimeProvider clock, ILogger logger)
    {
        _answers = answers;
        _clock = clock;
        var log = new ListenerLog(logger, () => address.Text, Setting);
        _listener = new LoopListener(address.EndPoint, ListenSocket.Bind, this, log, clock);
        _lifetime = new ListenerLifetime(_listener, fault => NamesLog.ListenerFault(logger, address, fault));
    }

    /// <summary>How many may be open.</summary>
    int IListenerOwner.MaxConnections => MaxOpen;

    string IListenerOwner.MaxConnectionsSetting => Setting;

    private static string Setting => $"{nameof(InsideConfiguration.Enclave)}:{nameof(InsideOptions.Dns)}";

    /// <summary>Begins to answer; called once.</summary>
    public void Start() => _lifetime.Start(AcceptAsync);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _lifetime.DisposeAsync().ConfigureAwait(false);
    }

    void IListenerOwner.OnRefusalChanged()
    {
        // Nobody waits for it.
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                // The limit of the listener itself is never met: it would close connections, and resolvers give up then.
                await _room.WaitAsync(_stopping.Token).ConfigureAwait(false);
                if (await _listener.AcceptAsync(Take).ConfigureAwait(false) is not { } socket)
                    return;
                _ = ServeAsync(socket);
            }
        }
        catch (OperationCanceledException)
        {
            // No room, and none is needed any more.
        }
    }

    private static LoopSocket Take(Socket socket)
    {
        socket.NoDelay = true;
        return new LoopSocket(socket, LoopSocketOptions.Default);
    }

    private async Task ServeAsync(LoopSocket socket)
    {
        try
        {
            using var asker = new StreamAsker(socket, _answers, _clock);
            await asker.RunAsync(_lifetime.Cut).ConfigureAwait(false);
        }
        finally
        {
            await socket.CloseAsync().ConfigureAwait(false);
            _lifetime.OnConnectionClosed();
            _room.Release();
        }
    }
}
