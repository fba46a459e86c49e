using System.Globalization;
using System.Text;
using System.Text.Json;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves.Discovery;

/// <summary>A program in the place of nitro-cli, and what it is to tell.</summary>
internal sealed class FakeNitroCli : IDisposable
{
    private static readonly JsonSerializerOptions Pretty = new() { WriteIndented = true };

    private readonly TemporaryDirectory _directory = new();

    /// <summary>It tells of no enclave yet.</summary>
    public FakeNitroCli()
    {
        // Linked, not written: a script that another thread's fork still holds open for writing cannot be executed.
        File.CreateSymbolicLink(Program, Path.Combine(AppContext.BaseDirectory, "Enclaves", "Discovery", "fake-nitro-cli"));
        Print("[]");
    }

    public string Program => _directory.File("nitro-cli");

    /// <summary>Calls that began.</summary>
    public int Calls => Lines("calls").Length;

    /// <summary>The arguments of the calls.</summary>
    public string[] Arguments => Lines("calls");

    /// <summary>Calls that began while another was running.</summary>
    public int Overlaps => Lines("overlaps").Length;

    /// <summary>The process that a hanging call has started, once there is one.</summary>
    public int? Child => Lines("child") is [var pid] ? int.Parse(pid, CultureInfo.InvariantCulture) : null;

    /// <summary>What a call in mode <c>input</c> saw of its environment.</summary>
    public string Seen => Lines("seen").Single();

    /// <summary>The settings that make a proxy call it.</summary>
    public string[] Settings =>
        ["Discovery:Enabled=true", $"Discovery:NitroCli={Program}", "Discovery:Interval=00:00:00.600", "Discovery:Timeout=00:01:00"];

    /// <summary>An enclave as nitro-cli 1.4 prints it.</summary>
    public static object Enclave(
        string name, uint cid, int run = 1, string state = "RUNNING", string flags = "NONE", string? pcr0 = null) => new
        {
            EnclaveName = name,
            EnclaveID = Id(name, run),
            ProcessID = 1000 + run,
            EnclaveCID = cid,
            NumberOfCPUs = 2,
            CPUIDs = (int[])[1, 3],
            MemoryMiB = 512,
            State = state,
            Flags = flags,
            Measurements = new
            {
                HashAlgorithm = "Sha384 { ... }",
                PCR0 = pcr0 ?? new string('a', 96),
                PCR1 = new string('b', 96),
                PCR2 = new string('c', 96),
            },
        };

    /// <summary>The EnclaveID of a run.</summary>
    public static string Id(string name, int run = 1) =>
        $"i-0123456789abcdef0-enc{Convert.ToHexStringLower(Encoding.UTF8.GetBytes(name))}{run:x4}";

    public static string Json(params object[] enclaves) => JsonSerializer.Serialize(enclaves, Pretty);

    /// <summary>From the next call on it tells of these.</summary>
    public void Tell(params object[] enclaves) => Print(Json(enclaves));

    /// <summary>From the next call on it prints this.</summary>
    public void Print(string output) => Replace("out", output);

    /// <summary>From the next call on it does this.</summary>
    public void Do(string mode) => Replace("mode", mode);

    /// <summary>Waits until calls have ended that began after now.</summary>
    public async Task CalledAgainAsync()
    {
        // The one that is running may have read already what it prints; of those behind it the first ended when the second begins.
        var calls = Calls;
        await Eventually.TrueAsync(() => Calls >= calls + 3);
    }

    public void Dispose() => _directory.Dispose();

    private void Replace(string file, string text)
    {
        var next = _directory.File(file + ".next");
        File.WriteAllText(next, text);
        File.Move(next, _directory.File(file), overwrite: true);
    }

    private string[] Lines(string file) => File.Exists(_directory.File(file)) ? File.ReadAllLines(_directory.File(file)) : [];
}
