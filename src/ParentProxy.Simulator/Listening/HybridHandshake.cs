using System.Buffers;
using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace ParentProxy.Simulator.Listening;

/// <summary>
/// The host's side of Firecracker's vsock device: <c>CONNECT port\n</c> is answered <c>OK n\n</c>, and from there on the
/// connection is the guest's. A port on which nobody listens, or anything else, closes it without an answer.
/// </summary>
internal sealed class HybridHandshake(uint port, TimeProvider timeProvider)
{
    private const int MaxLineBytes = 19; // "CONNECT 4294967295\n"
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(30);

    // Firecracker numbers its own ends upwards from here.
    private uint _localPort = 1 << 30;

    public async Task RunAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        if (await ReadPortAsync(connection) != port)
            return;
        var answer = string.Create(CultureInfo.InvariantCulture, $"OK {Interlocked.Increment(ref _localPort)}\n");
        await connection.Transport.Output.WriteAsync(Encoding.ASCII.GetBytes(answer), connection.ConnectionClosed);
        await next(connection);
    }

    private async Task<uint?> ReadPortAsync(ConnectionContext connection)
    {
        var stopping = connection.Features.Get<IConnectionLifetimeNotificationFeature>()?.ConnectionClosedRequested ?? default;
        using var deadline = new CancellationTokenSource(Deadline, timeProvider);
        using var any = CancellationTokenSource.CreateLinkedTokenSource(connection.ConnectionClosed, stopping, deadline.Token);
        try
        {
            return await ReadLineAsync(connection, any.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or IOException)
        {
            return null;
        }
    }

    private static async Task<uint?> ReadLineAsync(ConnectionContext connection, CancellationToken cancellationToken)
    {
        var input = connection.Transport.Input;
        while (true)
        {
            var read = await input.ReadAsync(cancellationToken);
            var buffer = read.Buffer;
            var window = buffer.Slice(0, Math.Min(buffer.Length, MaxLineBytes));
            if (window.PositionOf((byte)'\n') is { } newline)
            {
                var parsed = ParsePort(window.Slice(0, newline).ToArray());
                // What follows the newline belongs to the guest and stays in the pipe.
                input.AdvanceTo(buffer.GetPosition(1, newline));
                return parsed;
            }

            input.AdvanceTo(buffer.Start, buffer.End);
            if (read.IsCompleted || buffer.Length >= MaxLineBytes)
                return null;
        }
    }

    private static uint? ParsePort(ReadOnlySpan<byte> line)
    {
        if (!line.StartsWith("CONNECT "u8))
            return null;
        var digits = line["CONNECT ".Length..];
        return !digits.ContainsAnyExceptInRange((byte)'0', (byte)'9')
            && Utf8Parser.TryParse(digits, out uint value, out var used) && used == digits.Length
            ? value
            : null;
    }
}
