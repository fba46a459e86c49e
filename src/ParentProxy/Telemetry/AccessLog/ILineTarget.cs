namespace ParentProxy.Telemetry.AccessLog;

/// <summary>Where lines end up. Used by one thread.</summary>
internal interface ILineTarget : IDisposable
{
    /// <summary>Writes whole lines, all of them or none.</summary>
    /// <exception cref="IOException">They could not be written.</exception>
    /// <exception cref="UnauthorizedAccessException">They may not be written.</exception>
    void Write(ReadOnlySpan<byte> lines);
}
