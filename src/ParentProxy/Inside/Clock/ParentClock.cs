using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;

namespace ParentProxy.Inside.Clock;

/// <summary>Compares the clock of the enclave with the parent's.</summary>
/// <param name="parent">The parent's <c>Egress:Time</c>.</param>
/// <param name="context">The way there, and our clock.</param>
internal sealed class ParentClock(EnclaveEndpoint parent, InsideContext context)
{
    /// <summary>The fastest of them was held up least on its way, and says most.</summary>
    private const int Exchanges = 4;

    private const int MaxLineBytes = 256;

    private static readonly byte[] Question = [.. "time\n"u8];

    /// <summary>The best of several exchanges.</summary>
    /// <exception cref="IOException">The parent is away, or answers something else.</exception>
    public async Task<ClockSample> CompareAsync(CancellationToken cancellationToken)
    {
        var best = await ExchangeAsync(cancellationToken).ConfigureAwait(false);
        for (var i = 1; i < Exchanges; i++)
        {
            var next = await ExchangeAsync(cancellationToken).ConfigureAwait(false);
            if (next.RoundTrip < best.RoundTrip)
                best = next;
        }

        return best;
    }

    private async Task<ClockSample> ExchangeAsync(CancellationToken cancellationToken)
    {
        var patience = context.Options.ConnectTimeout;
        using var deadline = new CancellationTokenSource(patience, context.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        try
        {
            // The way is made first, so that it is no part of what is measured.
            var stream = await context.Dialer.DialAsync(parent, patience, both.Token).ConfigureAwait(false);
            await using var closing = stream.ConfigureAwait(false);
            var line = new byte[MaxLineBytes];
            var filled = 0;
            var utc = context.Time.GetUtcNow().UtcDateTime;
            var sent = context.Time.GetTimestamp();
            await stream.WriteAsync(Question, both.Token).ConfigureAwait(false);
            while (true)
            {
                var count = await stream.ReadAsync(line.AsMemory(filled), both.Token).ConfigureAwait(false);
                var roundTrip = context.Time.GetElapsedTime(sent);
                filled += count;
                if (count > 0 && filled < line.Length && line[filled - 1] != (byte)'\n')
                    continue;
                return ParentTime.TryParse(line.AsSpan(0, filled), out var time)
                    ? new ClockSample(time.Utc - (utc + roundTrip / 2), roundTrip, time)
                    : throw new IOException(filled == 0 ? "it was closed without an answer" : "it answers something else than the time");
            }
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException(FormattableString.Invariant($"no answer within {patience.TotalSeconds:0.###} s"));
        }
        catch (DialException ex)
        {
            throw new IOException($"{ex.Code} ({ex.Meaning})", ex);
        }
    }
}
