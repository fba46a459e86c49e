using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Ingress.Kestrel.Refusals;

/// <summary>
/// The loggers of the public server. Kestrel tells in its log alone, at a level that nobody has on, that it reset an HTTP/2
/// stream or ended a connection, and why: this hears of it whatever the levels, and changes nothing of what is logged.
/// </summary>
internal sealed class KestrelLoggers(ILoggerFactory inner, KestrelRefusals refusals) : ILoggerFactory
{
    private const string Kestrel = "Microsoft.AspNetCore.Server.Kestrel";

    /// <inheritdoc/>
    public ILogger CreateLogger(string categoryName)
    {
        var logger = inner.CreateLogger(categoryName);

        // The first one is asked before Kestrel tells of a client that speaks another version.
        return categoryName is Kestrel or Kestrel + ".BadRequests" or Kestrel + ".Http2" ? new Hearing(logger, refusals) : logger;
    }

    /// <inheritdoc/>
    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    /// <summary>Does nothing: the log is the program's, and goes on.</summary>
    public void Dispose()
    {
    }

    private sealed class Hearing(ILogger inner, KestrelRefusals refusals) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => inner.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel == LogLevel.Debug || inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            switch (eventId.Name)
            {
                case "Http2ConnectionError" or "HPackDecodingError":
                    Refuse(RefusalReason.Http2Connection, state, exception?.Message);
                    break;
                case "Http2TooManyEnhanceYourCalms" or "Http2QueueOperationsExceeded" or "Http2FlowControlQueueOperationsExceeded":
                    Refuse(RefusalReason.Http2Connection, state, "the client makes more work than it lets be done");
                    break;
                case "Http2StreamError":
                    Refuse(RefusalReason.Http2Stream, state, exception?.Message);
                    break;

                // With any other code it is the pipeline that reset a request.
                case "Http2StreamResetAbort" when Value(state, "error") == "PROTOCOL_ERROR":
                    Refuse(RefusalReason.Http2Stream, state, exception?.Message);
                    break;

                // Over HTTP/1.1 it was thrown, and there is a response.
                case "ConnectionBadRequest"
                    when exception is BadHttpRequestException { StatusCode: StatusCodes.Status408RequestTimeout, StackTrace: null }:
                    Refuse(RefusalReason.HeadTimeout, state, exception.Message);
                    break;
                case "PossibleInvalidHttpVersionDetected" when Value(state, "ExpectedHttpVersion") == HttpProtocol.Http2:
                    Refuse(
                        RefusalReason.Version,
                        state,
                        "an HTTP/1 request on a listener for HTTP/2 alone",
                        StatusCodes.Status400BadRequest);
                    break;

                // Kestrel puts the length beside chunks under another name, and has not reckoned with a client that uses it.
                case null when exception is ArgumentException && exception.Message.Contains("X-Content-Length", StringComparison.Ordinal):
                    Refuse(RefusalReason.Framing, state, "a length beside chunks, and an X-Content-Length; closed without an answer");
                    return;
            }

            if (inner.IsEnabled(logLevel))
                inner.Log(logLevel, eventId, state, exception, formatter);
        }

        private static string? Value<TState>(TState state, string name)
        {
            foreach (var (key, value) in state as IReadOnlyList<KeyValuePair<string, object?>> ?? [])
            {
                if (key == name)
                    return value?.ToString();
            }

            return null;
        }

        private void Refuse<TState>(RefusalReason reason, TState state, string? message, int? status = null)
        {
            // The id of a stream's request is that of the connection, a colon, and the stream's.
            var id = Value(state, "ConnectionId") ?? Value(state, "TraceIdentifier") ?? "";
            refusals.Refuse(reason, id.Split(':')[0], status, KestrelMessage.WithoutQuotes(message ?? ""));
        }
    }
}
