using ParentProxy.Tests.Common;

namespace ParentProxy.Attestation.Tests;

/// <summary>Freezes the public surface: a change shows as a change of PublicApi.txt, to be made on purpose.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void PublicApi_IsAsRecorded()
    {
        string actual = PublicApi.Describe(typeof(AttestationVerifier).Assembly);
        string folder = AppContext.BaseDirectory;
        string recorded = File.ReadAllText(Path.Combine(folder, "PublicApi.txt"));
        if (actual != recorded)
            File.WriteAllText(Path.Combine(folder, "PublicApi.received.txt"), actual);

        Assert.Equal(recorded, actual);
    }
}
