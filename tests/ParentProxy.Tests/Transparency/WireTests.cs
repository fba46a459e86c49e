namespace ParentProxy.Tests.Transparency;

/// <summary>HTTP/1.1 as the wire has it, seen from both ends; against other programs with <c>tests/transparency/run</c>.</summary>
public sealed class WireTests(WireFixture fixture) : IClassFixture<WireFixture>
{
    public static TheoryData<string, string> Runs()
    {
        var wanted = Environment.GetEnvironmentVariable("TRANSPARENCY_CASES") ?? "";
        var data = new TheoryData<string, string>();
        foreach (var front in WireFixture.Fronts)
        {
            foreach (var name in WireCases.All.Keys.Where(name => name.Contains(wanted, StringComparison.OrdinalIgnoreCase)))
                data.Add(front, name);
        }

        return data;
    }

    [Theory]
    [MemberData(nameof(Runs))]
    public Task Case_BehindAFront_IsAsTheWireHasIt(string front, string name) => fixture.RunAsync(front, WireCases.All[name]);
}
