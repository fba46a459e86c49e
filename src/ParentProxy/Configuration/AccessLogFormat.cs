namespace ParentProxy.Configuration;

/// <summary>What a line of the access log looks like.</summary>
internal enum AccessLogFormat
{
    /// <summary>One JSON object with all that is known.</summary>
    Json,

    /// <summary>Apache's combined format, for tools that read nothing else.</summary>
    Combined,
}
