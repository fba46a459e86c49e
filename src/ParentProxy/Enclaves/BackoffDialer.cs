using System.Net.Sockets;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Sockets;

namespace ParentProxy.Enclaves;

/// <summary>
/// Dials one enclave and repeats what a full accept queue turned away: on vsock and on unix sockets a burst of dials is
/// answered with resets that say nothing about the application. Gives up when no dial at all came through for a while.
/// </summary>
internal sealed class BackoffDialer(IEnclaveDialer dialer, EnclaveEndpoint endpoint, Func<bool> isOut, TimeProvider time)
{
    /// <summary>What <see cref="Patience"/> is where nothing else is said.</summary>
    public static readonly TimeSpan UsualPatience = TimeSpan.FromMilliseconds(250);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(5);
    private static readonly TimeSpan LongestPause = TimeSpan.FromMilliseconds(80);

    private long _lastSuccess = long.MinValue;

    /// <summary>Without any success for so long, a reset counts as a failure.</summary>
    public TimeSpan Patience { get; init; } = UsualPatience;

    /// <summary>Called each time when a dial was turned away and will be repeated.</summary>
    public Action<DialException>? Retrying { get; init; }

    /// <summary>Called after each dial with its result: <c>ok</c>, the errno by name, a word.</summary>
    public Action<string, TimeSpan>? Dialled { get; init; }

    /// <summary>Dials until it succeeds, fails for good or the time is over.</summary>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="isPatient">Whether what may be a full accept queue is dialled again; else that is a failure, too.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="DialException">No connection came about.</exception>
    public async Task<EnclaveStream> DialAsync(TimeSpan timeout, bool isPatient, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        long? firstReset = null;
        var pause = FirstPause;
        while (true)
        {
            var left = timeout - time.GetElapsedTime(started);
            if (left <= TimeSpan.Zero)
                throw DialException.TimedOut(endpoint, timeout);
            try
            {
                var stream = await DialOnceAsync(left, cancellationToken);
                Volatile.Write(ref _lastSuccess, time.GetTimestamp());
                return stream;
            }
            catch (DialException ex) when (isPatient && ex.MayBeFullQueue && !isOut())
            {
                firstReset ??= time.GetTimestamp();
                if (time.GetElapsedTime(Math.Max(firstReset.Value, Volatile.Read(ref _lastSuccess))) >= Patience)
                    throw;
                Retrying?.Invoke(ex);
            }

            // Jitter keeps the dials of a burst from meeting the same full queue again.
            await Task.Delay(pause * (0.5 + Random.Shared.NextDouble()), time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }
    }

    private async Task<EnclaveStream> DialOnceAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var result = "canceled";
        try
        {
            var stream = await dialer.DialAsync(endpoint, timeout, cancellationToken);
            if (DescriptorReserve.Requests.Contains(stream.Descriptor))
            {
                await stream.DisposeAsync();
                throw DialException.From(endpoint, new SocketException((int)SocketError.TooManyOpenSockets));
            }

            result = "ok";
            return stream;
        }
        catch (DialException ex)
        {
            result = ex.Code;
            throw;
        }
        finally
        {
            Dialled?.Invoke(result, time.GetElapsedTime(started));
        }
    }
}
