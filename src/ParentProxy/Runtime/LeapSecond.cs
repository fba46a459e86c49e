namespace ParentProxy.Runtime;

/// <summary>What the last minute of the day will be; the numbers are those of NTP's leap indicator (RFC 5905, 7.3).</summary>
internal enum LeapSecond
{
    /// <summary>It has 60 seconds.</summary>
    None = 0,

    /// <summary>It has 61 seconds.</summary>
    Insert = 1,

    /// <summary>It has 59 seconds.</summary>
    Delete = 2,
}
