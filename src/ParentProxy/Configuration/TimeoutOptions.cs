using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Timeouts</c>: how long each step of a request, and the stop, may take.</summary>
internal sealed record TimeoutOptions
{
    /// <summary>One dial, handshake included.</summary>
    public TimeSpan Connect { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From the end of the request to the head of the response.</summary>
    public TimeSpan ResponseHead { get; init; } = TimeSpan.FromMinutes(15);

    /// <summary>Without a byte moving in either direction while a body is under way.</summary>
    public TimeSpan Idle { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Without a byte moving on an upgraded connection.</summary>
    public TimeSpan Tunnel { get; init; } = TimeSpan.FromHours(1);

    /// <summary>From the stop signal, when health fails, until the port closes.</summary>
    public TimeSpan DrainDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long requests in flight may take to finish at stop.</summary>
    public TimeSpan Drain { get; init; } = TimeSpan.FromSeconds(30);

    public static TimeoutOptions Read(SectionReader section)
    {
        var defaults = new TimeoutOptions();
        return new TimeoutOptions
        {
            Connect = section.Duration(defaults.Connect),
            ResponseHead = section.Duration(defaults.ResponseHead),
            Idle = section.Duration(defaults.Idle),
            Tunnel = section.Duration(defaults.Tunnel),
            DrainDelay = section.DurationOrZero(defaults.DrainDelay),
            Drain = section.DurationOrZero(defaults.Drain),
        };
    }
}
