using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Dns;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Inside;
using ParentProxy.Inside.Names;
using ParentProxy.Tests.Dns;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Names;

/// <summary>A name server on a port of this machine, and a parent that the test speaks for.</summary>
internal sealed class NameBench : IAsyncDisposable
{
    private readonly Meter _meter = new("names");
    private readonly List<IDisposable> _opened = [];

    public NameBench(TimeProvider? clock = null, bool isParentThere = true, params string[] furtherAddresses)
    {
        Clock = clock ?? TimeProvider.System;
        Parent = new FakeParent(isParentThere);
        EndPoint = new IPEndPoint(IPAddress.Loopback, FreePort.Released());
        Options = new InsideDnsOptions
        {
            To = Parent.EndPoint,
            Listen = [.. new[] { EndPoint.ToString() }.Concat(furtherAddresses).Select(text => InsideAddress.Parse(text).Value)],
        };
        var configuration = new InsideConfiguration
        {
            Enclave = new InsideOptions(),
            Vsock = new VsockOptions { ToHost = ToHostMode.Never },
            Log = new LogOptions(),
            Sections = new ConfigurationBuilder().Build(),
        };
        var loggers = LoggerFactory.Create(builder => builder.AddProvider(Log));
        Context = new InsideContext(configuration, new EnclaveDialer(configuration.Vsock, Clock), _meter, loggers, Clock);
        Server = new NameServer(Options, Context);
    }

    public TimeProvider Clock { get; }

    public FakeParent Parent { get; }

    public IPEndPoint EndPoint { get; }

    public InsideDnsOptions Options { get; }

    public InsideContext Context { get; }

    public NameServer Server { get; }

    public TestLog Log { get; } = new();

    public static NameBench Open(TimeProvider? clock = null, bool isParentThere = true)
    {
        var bench = new NameBench(clock, isParentThere);
        bench.Server.Open();
        return bench;
    }

    /// <summary>A socket that takes answers from nobody but the server.</summary>
    public Socket Datagrams()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Connect(EndPoint);
        _opened.Add(socket);
        return socket;
    }

    public async Task<NetworkStream> StreamAsync()
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(EndPoint);
        var stream = new NetworkStream(socket, ownsSocket: true);
        _opened.Add(stream);
        return stream;
    }

    /// <summary>The answer to one question over UDP.</summary>
    public async Task<DnsMessage> AskAsync(byte[] query)
    {
        var socket = Datagrams();
        await socket.SendAsync(query);
        return await ReceiveAsync(socket);
    }

    public static async Task<DnsMessage> ReceiveAsync(Socket socket)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        var buffer = new byte[65536];
        var count = await socket.ReceiveAsync(buffer, deadline.Token);
        return DnsBytes.Read(buffer.AsMemory(0, count));
    }

    public static async Task<DnsMessage> ReadAsync(Stream stream)
    {
        using var deadline = new CancellationTokenSource(TestDeadline.Value);
        var length = new byte[2];
        await stream.ReadExactlyAsync(length, deadline.Token);
        var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(length)];
        await stream.ReadExactlyAsync(message, deadline.Token);
        return DnsBytes.Read(message);
    }

    /// <summary>What the instruments say: name and result, and the value.</summary>
    public IReadOnlyDictionary<string, long> Measured()
    {
        var values = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter == _meter)
                    listener.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => Add(instrument, value, tags));
        listener.Start();
        listener.RecordObservableInstruments();
        return values;

        void Add(Instrument instrument, long value, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
            values[tags.Length == 0 ? instrument.Name : $"{instrument.Name} {tags[0].Value}"] = value;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var opened in _opened)
            opened.Dispose();
        await Server.DisposeAsync();
        Parent.Dispose();
        _meter.Dispose();
    }
}
