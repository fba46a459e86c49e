using System.Globalization;
using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Enclaves.Transports;

namespace ParentProxy.Inside.Application;

/// <summary>Asks an application whether it serves, until it does.</summary>
/// <param name="options">What is asked.</param>
/// <param name="dialer">How it is connected to.</param>
/// <param name="attemptTimeout">How long one attempt may take.</param>
/// <param name="time">The clock.</param>
internal sealed class Readiness(ReadinessOptions options, IEnclaveDialer dialer, TimeSpan attemptTimeout, TimeProvider time)
{
    private const int StatusLineBytes = 12;
    private static readonly TimeSpan FirstDelay = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(1);

    /// <summary>Why the last attempt was in vain.</summary>
    public string LastFailure { get; private set; } = "it was not asked";

    /// <summary>Completes when the application serves.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken)
    {
        for (var delay = FirstDelay; !await IsReadyAsync(cancellationToken); delay = Min(delay * 2, LongestDelay))
            await Task.Delay(delay, time, cancellationToken);
    }

    private async Task<bool> IsReadyAsync(CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(attemptTimeout, time);
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await using var stream = await dialer.DialAsync(options.Endpoint, attemptTimeout, attempt.Token);
            if (SelfConnection.Is(stream))
            {
                // Reset, as what closes first would hold the port for a minute after this.
                stream.Abort();
                LastFailure = "nobody listens there";
                return false;
            }

            return options.Path is null || await AnswersAsync(stream, options.Path, attempt.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            LastFailure = string.Create(CultureInfo.InvariantCulture, $"no answer within {attemptTimeout.TotalSeconds} s");
        }
        catch (IOException ex)
        {
            LastFailure = ex.Message;
        }

        return false;
    }

    private async Task<bool> AnswersAsync(EnclaveStream stream, string path, CancellationToken cancellationToken)
    {
        // IPv6 in brackets, as in the endpoint's own text.
        var host = options.Endpoint.ToString().Replace("tcp://", "", StringComparison.Ordinal);
        await stream.WriteAsync(
            Encoding.ASCII.GetBytes($"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: parent-proxy\r\nConnection: close\r\n\r\n"),
            cancellationToken);
        var line = new byte[StatusLineBytes];
        var length = await stream.ReadAtLeastAsync(line, line.Length, throwOnEndOfStream: false, cancellationToken);
        var text = Encoding.Latin1.GetString(line, 0, length);
        if (length == line.Length
            && text.StartsWith("HTTP/1.", StringComparison.Ordinal)
            && int.TryParse(text.AsSpan(9), NumberStyles.None, CultureInfo.InvariantCulture, out var status))
        {
            LastFailure = string.Create(CultureInfo.InvariantCulture, $"GET {path} was answered with status {status}");
            return status is >= 200 and <= 399;
        }

        LastFailure = length == 0 ? "it closed the connection without an answer" : "it did not answer in HTTP/1";
        return false;
    }

    private static TimeSpan Min(TimeSpan one, TimeSpan other) => one < other ? one : other;
}
