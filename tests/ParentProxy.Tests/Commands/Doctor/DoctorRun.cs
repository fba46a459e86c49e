using ParentProxy.Commands.Doctor;
using ParentProxy.Tests.Configuration;
using ParentProxy.Tests.Enclaves.Discovery;

namespace ParentProxy.Tests.Commands.Doctor;

/// <summary>What all checks of a machine came to.</summary>
internal sealed record DoctorRun(IReadOnlyList<CheckResult> Results)
{
    private const string OneEnclave = """{ "Enclaves": [ { "Cid": 16, "Port": 6300 } ] }""";

    /// <summary>Runs them with a configuration; CIDs lead nowhere unless a dialler of the test says where to.</summary>
    public static async Task<DoctorRun> OfAsync(
        FakeMachine machine, string configuration = OneEnclave, VsockByCid? dialer = null, params string[] settings)
    {
        // Where nobody answers, unless the test has somebody there.
        string[] arguments = [.. new[] { "--Admin:Url=http://127.0.0.1:1" }.Where(_ => !settings.Any(IsAdmin)), .. settings];
        var doctor = new MachineDoctor(machine.Machine, TimeProvider.System) { Dialer = dialer ?? new VsockByCid() };
        var sections = await doctor.RunAsync(TestConfiguration.Load(configuration, arguments), CancellationToken.None);
        return new DoctorRun([.. sections.SelectMany(section => section.Results)]);
    }

    /// <summary>The one result of a check.</summary>
    public CheckResult Of(string id) => Assert.Single(Results, result => result.Id == id);

    /// <summary>That a check came to this, with a summary and a remedy that hold these words.</summary>
    public void Says(string id, CheckStatus status, string summary, string remedy)
    {
        var result = Assert.Single(
            Results, result => result.Id == id && result.Summary.Contains(summary, StringComparison.Ordinal));
        Assert.Equal(status, result.Status);
        Assert.Contains(remedy, string.Join('\n', result.Remedy), StringComparison.Ordinal);
    }

    private static bool IsAdmin(string setting) => setting.StartsWith("--Admin:Url=", StringComparison.Ordinal);
}
