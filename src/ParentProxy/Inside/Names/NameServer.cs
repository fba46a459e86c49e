using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Sockets;
using ParentProxy.Vsock;

namespace ParentProxy.Inside.Names;

/// <summary>A small resolver on loopback: programs ask as they ask any other, over UDP and TCP, and the parent knows.</summary>
internal sealed class NameServer : IAsyncDisposable
{
    private const int MaxOpenQuestions = 4096;
    private const string Setting = "Enclave:Dns:Listen";
    private const string Predecessor = "another resolver, or socat";

    private readonly InsideDnsOptions _options;
    private readonly InsideContext _context;
    private readonly ILogger _logger;
    private readonly ParentLine _parent;
    private readonly NameAnswers _answers;
    private readonly List<DatagramListener> _datagrams = [];
    private readonly List<StreamListener> _streams = [];

    /// <summary>Makes it; it listens on nothing before <see cref="Open"/>.</summary>
    public NameServer(InsideDnsOptions options, InsideContext context)
    {
        _options = options;
        _context = context;
        _logger = context.Loggers.CreateLogger<NameServer>();
        _parent = new ParentLine(options.To, options.Timeout, context, _logger, MaxOpenQuestions);
        var quota = new DnsQuota(each: MaxOpenQuestions, all: MaxOpenQuestions);
        var counts = new NameCounts();
        _answers = new NameAnswers(new DnsCache(_parent, () => options.CacheEntries, context.Time, quota), counts, context.Time, _logger);
        NameInstruments.Add(context.Meter, counts);
    }

    /// <summary>
    /// Listens on all addresses, and begins to answer: those are returned. Of IPv6 it is enough to say so where the enclave has none.
    /// </summary>
    /// <exception cref="ListenException">An address cannot be listened on. Others may be open until this is disposed of.</exception>
    public IReadOnlyList<IPEndPoint> Open()
    {
        var opened = new List<InsideAddress>();
        (InsideAddress Address, SocketException Failure)? without = null;
        foreach (var address in _options.Listen)
        {
            try
            {
                Listen(address);
                opened.Add(address);
            }
            catch (SocketException ex) when (IsWithoutIPv6(address, ex))
            {
                without = (address, ex);
                NamesLog.NoIPv6(_logger, address, Errno.FromSocketError(ex.SocketErrorCode).Name);
            }
            catch (SocketException ex)
            {
                throw Failed(address, ex);
            }
        }

        if (opened.Count == 0 && without is { } last)
            throw Failed(last.Address, last.Failure);
        foreach (var datagrams in _datagrams)
            datagrams.Start();
        foreach (var streams in _streams)
            streams.Start();
        NamesLog.Opened(_logger, string.Join(", ", opened), _options.To);
        return [.. opened.Select(address => (IPEndPoint)address.EndPoint)];
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var datagrams in _datagrams)
            await datagrams.DisposeAsync().ConfigureAwait(false);
        foreach (var streams in _streams)
            await streams.DisposeAsync().ConfigureAwait(false);
        await _parent.DisposeAsync().ConfigureAwait(false);
    }

    private static bool IsWithoutIPv6(InsideAddress address, SocketException failure) =>
        address.EndPoint.AddressFamily == AddressFamily.InterNetworkV6
        && failure.SocketErrorCode is SocketError.AddressFamilyNotSupported or SocketError.AddressNotAvailable;

    private static ListenException Failed(InsideAddress address, SocketException failure) =>
        new(address.Text, isFile: false, failure, Setting, Predecessor);

    private void Listen(InsideAddress address)
    {
        _datagrams.Add(new DatagramListener(address, _answers, _context.Time, _logger));
        _streams.Add(new StreamListener(address, _answers, _context.Time, _logger));
    }
}
