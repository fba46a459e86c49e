using System.Buffers;
using System.IO.Pipelines;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using ParentProxy.Simulator.Listening;
using ParentProxy.Vsock;

namespace ParentProxy.Simulator.Attestation;

/// <summary>
/// The one-line JSON protocol: a request, an answer, and the connection is closed. A request ends where the received bytes end with a
/// newline, or with the connection; without either it waits for ever.
/// </summary>
internal sealed class LineServer(SimulatedAttester attester, ListenAddress address, TimeProvider timeProvider)
{
    private readonly LineCommands _commands = new(attester, timeProvider);

    public async Task ServeAsync(ConnectionContext connection)
    {
        // Not the token of a closed connection: the server cancels it as soon as the client has closed its half.
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        try
        {
            if (await ReadRequestAsync(connection.Transport.Input, stopping) is { Length: > 0 } request)
                await AnswerAsync(connection, request, stopping);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            // The client left, or the enclave stops.
        }
    }

    private static async Task<byte[]> ReadRequestAsync(PipeReader input, CancellationToken cancellationToken)
    {
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            if (read.IsCompleted || buffer.Slice(buffer.Length - 1).FirstSpan is [(byte)'\n'])
            {
                var request = buffer.ToArray();
                input.AdvanceTo(buffer.End);
                return request;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
        }
    }

    private async Task AnswerAsync(ConnectionContext connection, byte[] request, CancellationToken cancellationToken)
    {
        var output = connection.Transport.Output;
        var fault = attester.Fault;
        var answer = _commands.Answer(request, PortOf(connection.LocalEndPoint), fault, out var isDocument);
        byte[] line = [.. answer, (byte)'\n'];
        switch (isDocument ? fault : AttestationFault.None)
        {
            case AttestationFault.Empty:
                break;
            case AttestationFault.NotJson:
                await output.WriteAsync("Traceback (most recent call last):\n"u8.ToArray(), cancellationToken);
                break;
            case AttestationFault.Cut:
                await output.WriteAsync(line.AsMemory(0, line.Length / 2), cancellationToken);
                break;
            case AttestationFault.NoNewline:
                await output.WriteAsync(answer, cancellationToken);
                await DrainAsync(connection.Transport.Input, cancellationToken);
                break;
            case AttestationFault.TwoObjects:
                await output.WriteAsync((byte[])[.. line, .. line], cancellationToken);
                break;
            case AttestationFault.Slow:
                for (var i = 0; i < line.Length && !(await output.WriteAsync(line.AsMemory(i, 1), cancellationToken)).IsCompleted; i++)
                    await Task.Delay(attester.SlowPause, timeProvider, cancellationToken);

                break;
            default:
                await output.WriteAsync(line, cancellationToken);
                break;
        }
    }

    private static async Task DrainAsync(PipeReader input, CancellationToken cancellationToken)
    {
        ReadResult read;
        do
        {
            read = await input.ReadAsync(cancellationToken);
            input.AdvanceTo(read.Buffer.End);
        }
        while (!read.IsCompleted);
    }

    // A unix socket has none of its own; the handshake on it names one.
    private int PortOf(EndPoint? local) => (address.Transport, local) switch
    {
        (ListenTransport.Hybrid, _) => (int)address.HybridPort,
        (_, IPEndPoint ip) => ip.Port,
        (_, VsockEndPoint vsock) => (int)vsock.Port,
        _ => 0,
    };
}
