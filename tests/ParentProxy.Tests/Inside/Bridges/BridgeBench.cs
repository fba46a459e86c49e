using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Net.Sockets;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Inside;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Inside.Bridges;

/// <summary>The program inside an enclave, as far as bridges see it; unix sockets stand in the place of vsock.</summary>
internal sealed class BridgeBench : IDisposable
{
    private static readonly VsockOptions NoVsock = new() { ToHost = ToHostMode.Never };

    private readonly TemporaryDirectory _directory = new();
    private readonly Meter _meter = new("bridges");
    private readonly LoggerFactory _loggers;

    public BridgeBench(TimeProvider? time = null, IEnclaveDialer? dialer = null)
    {
        Time = time ?? TimeProvider.System;
        Dialer = dialer ?? new EnclaveDialer(NoVsock, Time);
        _loggers = new LoggerFactory([Log], new LoggerFilterOptions { MinLevel = LogLevel.Trace });
    }

    public TestLog Log { get; } = new();

    public TimeProvider Time { get; }

    public IEnclaveDialer Dialer { get; }

    /// <summary>A path for a socket.</summary>
    public string Path(string name) => _directory.File(name);

    /// <summary>An address for one.</summary>
    public InsideAddress Address(string name) => InsideAddress.Parse($"unix:{Path(name)}").Value!;

    /// <summary>A TCP address that nobody listened on a moment ago.</summary>
    public static InsideAddress TcpAddress() => InsideAddress.Parse($"127.0.0.1:{FreePort.Released()}").Value!;

    public static EnclaveEndpoint EndpointOf(ScriptedEnclave server) => InsideTarget.Parse(server.EndPoint).Value!;

    public UnixDomainSocketEndPoint EndPoint(string name) => new(Path(name));

    public InsideContext Context(InsideOptions options) => new(
        new InsideConfiguration
        {
            Enclave = options,
            Vsock = NoVsock,
            Log = new LogOptions(),
            Sections = new ConfigurationBuilder().Build(),
        },
        Dialer,
        _meter,
        _loggers,
        Time);

    /// <summary>Connects in one call: a reset that follows at once must not be that of the connect.</summary>
    public static WireConnection Connect(InsideAddress address)
    {
        var socket = new Socket(address.EndPoint.AddressFamily, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            socket.Connect(address.EndPoint);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        return new WireConnection(socket);
    }

    /// <summary>What the instruments say, by name and labels in their order: <c>connections{unix:/a,ok}</c>.</summary>
    public IReadOnlyDictionary<string, long> Measure()
    {
        var measured = new ConcurrentDictionary<string, long>();
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (instrument.Meter == _meter)
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, labels, _) =>
        {
            List<string> texts = [];
            foreach (var label in labels)
                texts.Add((string)label.Value!);
            measured[$"{instrument.Name["parentproxy.inside.".Length..]}{{{string.Join(',', texts)}}}"] = value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return measured;
    }

    public void Dispose()
    {
        _loggers.Dispose();
        _meter.Dispose();
        _directory.Dispose();
    }
}
