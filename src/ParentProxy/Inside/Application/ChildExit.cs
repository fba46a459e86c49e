using System.Globalization;

namespace ParentProxy.Inside.Application;

/// <summary>How a process ended: with a code, or by a signal.</summary>
/// <param name="Code">What it returned; 0 when a signal ended it.</param>
/// <param name="Signal">The signal that ended it; 0 when none did.</param>
/// <param name="CpuSeconds">Processor time of it and of those that it waited for.</param>
internal readonly record struct ChildExit(int Code, int Signal, double CpuSeconds = 0)
{
    /// <summary>Of a process that somebody else has waited for; a failure, as nobody knows better.</summary>
    public static readonly ChildExit Unknown = new(-1, 0);

    /// <summary>A shell's way to have both in one number: 128 and the signal.</summary>
    public int ExitCode => Signal > 0 ? 128 + Signal : this == Unknown ? 1 : Code;

    /// <summary>In words: <c>exit code 3</c>, <c>SIGKILL</c>.</summary>
    public override string ToString() =>
        Signal > 0 ? SignalName.Of(Signal)
        : this == Unknown ? "an exit code that is not known"
        : string.Create(CultureInfo.InvariantCulture, $"exit code {Code}");
}
