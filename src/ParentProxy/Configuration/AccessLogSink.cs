namespace ParentProxy.Configuration;

/// <summary>Where the access log goes.</summary>
internal enum AccessLogSink
{
    /// <summary>Standard output, beside the program's log.</summary>
    Console,

    /// <summary>A file that rotates.</summary>
    File,
}
