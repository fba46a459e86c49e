namespace ParentProxy.Configuration;

/// <summary>Which requests the access log holds.</summary>
internal enum AccessLogMode
{
    /// <summary>No request: nothing is written, and a file need not be writable.</summary>
    Off,

    /// <summary>Those answered with 500 or more, tried again, cut, or slower than 5 s.</summary>
    Errors,

    /// <summary>All; of the responses 2xx a share of <see cref="AccessLogOptions.Sample2xx"/>.</summary>
    All,
}
