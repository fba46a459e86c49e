namespace ParentProxy.Inside.Application;

/// <summary>Waits before restarts: twice as long with each, up to a minute, until the application has run for a minute.</summary>
internal sealed class RestartDelay
{
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(1);

    private readonly TimeSpan _first;
    private TimeSpan _next;

    /// <summary>Begins with the first.</summary>
    public RestartDelay(TimeSpan first) => _first = _next = first;

    /// <summary>The wait after a run of this length.</summary>
    public TimeSpan After(TimeSpan ran)
    {
        if (ran >= Longest)
            _next = _first;
        var delay = _next;

        // What is configured to wait longer than a minute does; it is just not doubled.
        var doubled = delay * 2;
        _next = doubled < Longest ? doubled : delay > Longest ? delay : Longest;
        return delay;
    }
}
