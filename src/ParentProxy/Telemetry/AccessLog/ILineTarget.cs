namespace ParentProxy.Telemetry.AccessLog;

/// <summary>Where lines end up. Used and disposed by one thread.</summary>
internal interface ILineTarget : IDisposable
{
    /// <summary>Writes whole lines, all of them or none; throws what went wrong.</summary>
    void Write(ReadOnlySpan<byte> lines);
}
