using System.Globalization;

namespace ParentProxy.Scenarios.Wire;

/// <summary>The processor time of this machine since its boot, in ticks, from /proc/stat (proc(5)).</summary>
/// <param name="Used">What its processes and its kernel have used.</param>
/// <param name="Stolen">What they wanted and did not get, because other virtual machines of the host had it.</param>
internal readonly record struct ProcessorTime(long Used, long Stolen)
{
    /// <summary>Until now.</summary>
    public static ProcessorTime Now
    {
        get
        {
            // cpu user nice system idle iowait irq softirq steal …
            var ticks = File.ReadLines("/proc/stat").First().Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..9]
                .Select(text => long.Parse(text, CultureInfo.InvariantCulture)).ToArray();
            return new ProcessorTime(ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6], ticks[7]);
        }
    }

    /// <summary>The share that was stolen of what was wanted since then, 0 to 1.</summary>
    public double StolenSince(ProcessorTime then) => (Stolen - then.Stolen) / (double)Math.Max(1, Used + Stolen - then.Used - then.Stolen);
}
