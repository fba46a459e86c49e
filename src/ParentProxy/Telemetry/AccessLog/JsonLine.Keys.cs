using System.Collections.Frozen;
using System.Reflection;
using System.Text.Json;

namespace ParentProxy.Telemetry.AccessLog;

internal static partial class JsonLine
{
    /// <summary>The keys of ours. A change here breaks what reads the log.</summary>
    internal static class Keys
    {
        public static readonly JsonEncodedText Type = JsonEncodedText.Encode("type");
        public static readonly JsonEncodedText Access = JsonEncodedText.Encode("access");
        public static readonly JsonEncodedText Time = JsonEncodedText.Encode("time");
        public static readonly JsonEncodedText Method = JsonEncodedText.Encode("method");
        public static readonly JsonEncodedText Path = JsonEncodedText.Encode("path");
        public static readonly JsonEncodedText Protocol = JsonEncodedText.Encode("protocol");
        public static readonly JsonEncodedText Status = JsonEncodedText.Encode("status");
        public static readonly JsonEncodedText RequestBytes = JsonEncodedText.Encode("requestBytes");
        public static readonly JsonEncodedText ResponseBytes = JsonEncodedText.Encode("responseBytes");
        public static readonly JsonEncodedText Duration = JsonEncodedText.Encode("durationMs");
        public static readonly JsonEncodedText Enclave = JsonEncodedText.Encode("enclave");
        public static readonly JsonEncodedText Attempts = JsonEncodedText.Encode("attempts");
        public static readonly JsonEncodedText Queue = JsonEncodedText.Encode("queueMs");
        public static readonly JsonEncodedText Connect = JsonEncodedText.Encode("connectMs");
        public static readonly JsonEncodedText FirstByte = JsonEncodedText.Encode("firstByteMs");
        public static readonly JsonEncodedText RetryReasons = JsonEncodedText.Encode("retryReasons");
        public static readonly JsonEncodedText Tunnel = JsonEncodedText.Encode("tunnel");
        public static readonly JsonEncodedText Failure = JsonEncodedText.Encode("failure");
        public static readonly JsonEncodedText Detail = JsonEncodedText.Encode("detail");
        public static readonly JsonEncodedText Client = JsonEncodedText.Encode("client");
        public static readonly JsonEncodedText Host = JsonEncodedText.Encode("host");
        public static readonly JsonEncodedText RequestId = JsonEncodedText.Encode("requestId");
        public static readonly JsonEncodedText ApplicationRequestId = JsonEncodedText.Encode("applicationRequestId");
        public static readonly JsonEncodedText TraceId = JsonEncodedText.Encode("traceId");
        public static readonly JsonEncodedText LoadBalancerTrace = JsonEncodedText.Encode("albTraceId");

        private static readonly FrozenSet<string> All = typeof(Keys).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Select(field => ((JsonEncodedText)field.GetValue(null)!).Value)
            .ToFrozenSet(StringComparer.Ordinal);

        /// <summary>Whether a key is one of these.</summary>
        public static bool IsOurs(string key) => All.Contains(key);
    }
}
