namespace ParentProxy.Telemetry.AccessLog;

/// <summary>Lines on standard output, which the journal or a container reads.</summary>
internal sealed class ConsoleTarget : ILineTarget
{
    private readonly Stream _output = Console.OpenStandardOutput();

    /// <inheritdoc/>
    public void Write(ReadOnlySpan<byte> lines)
    {
        // The program's own console log writes one event in several pieces under this lock: no line comes into another. A
        // Console in Serilog:WriteTo has a lock of its own.
        lock (Console.Out)
            _output.Write(lines);
    }

    /// <inheritdoc/>
    public void Dispose() => _output.Dispose();
}
