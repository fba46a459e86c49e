using System.Reflection;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Logging;

namespace ParentProxy.Tests.Seams;

/// <summary>What Kestrel tells by names that are not promised to anybody.</summary>
public sealed class KestrelTests
{
    /// <summary>KestrelLoggers hears of refusals over HTTP/2 by the names of events in the log.</summary>
    [Theory]
    [InlineData("Http2ConnectionError", LogLevel.Debug)]
    [InlineData("HPackDecodingError", LogLevel.Debug)]
    [InlineData("Http2TooManyEnhanceYourCalms", LogLevel.Debug)]
    [InlineData("Http2QueueOperationsExceeded", LogLevel.Critical)]
    [InlineData("Http2FlowControlQueueOperationsExceeded", LogLevel.Debug)]
    [InlineData("Http2StreamError", LogLevel.Debug)]
    [InlineData("Http2StreamResetAbort", LogLevel.Debug)]
    [InlineData("ConnectionBadRequest", LogLevel.Debug)]
    [InlineData("PossibleInvalidHttpVersionDetected", LogLevel.Debug)]
    public void LogEvent_IsStillThere(string name, LogLevel level)
    {
        var found = typeof(KestrelServerOptions).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .Where(message => message?.EventName == name)
            .ToList();

        Assert.NotEmpty(found);
        Assert.All(found, message => Assert.Equal(level, message!.Level));
    }

    /// <summary>KestrelLoggers reads these of the events.</summary>
    [Theory]
    [InlineData("Http2StreamResetAbort", "error")]
    [InlineData("PossibleInvalidHttpVersionDetected", "ExpectedHttpVersion")]
    public void LogEvent_HasThisValue(string name, string value) => Assert.Contains(
        typeof(KestrelServerOptions).Assembly.GetTypes()
            .SelectMany(type => type.GetMethods(
                BindingFlags.Static | BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly))
            .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
            .OfType<LoggerMessageAttribute>(),
        message => message.EventName == name && Regex.IsMatch(message.Message, $"\\{{{value}\\}}", RegexOptions.IgnoreCase));

    /// <summary>
    /// KestrelLimits takes every limit that Kestrel has; one that is new is in the configuration without being looked at.
    /// </summary>
    [Theory]
    [InlineData(
        typeof(KestrelServerLimits),
        "Http2 Http3 KeepAliveTimeout MaxConcurrentConnections MaxConcurrentUpgradedConnections MaxRequestBodySize "
            + "MaxRequestBufferSize MaxRequestHeaderCount MaxRequestHeadersTotalSize MaxRequestLineSize MaxResponseBufferSize "
            + "MinRequestBodyDataRate MinResponseDataRate RequestHeadersTimeout")]
    [InlineData(
        typeof(Http2Limits),
        "HeaderTableSize InitialConnectionWindowSize InitialStreamWindowSize KeepAlivePingDelay KeepAlivePingTimeout MaxFrameSize "
            + "MaxRequestHeaderFieldSize MaxStreamsPerConnection")]
    public void Limits_AreThese(Type type, string names) =>
        Assert.Equal(names, string.Join(' ', type.GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal)));
}
