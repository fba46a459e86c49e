using ParentProxy.Enclaves;

namespace ParentProxy.Tests.Enclaves;

public sealed class EnclaveErrorsTests
{
    private static readonly DateTimeOffset Now = new(2026, 11, 21, 3, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Note_TheSameAgain_CountsUpAndComesFirst()
    {
        var errors = new EnclaveErrors();
        errors.Note(Now, "ECONNRESET", "reset");
        errors.Note(Now.AddSeconds(1), "timeout", "no answer");
        errors.Note(Now.AddSeconds(2), "ECONNRESET", "reset");

        Assert.Equal([
            new EnclaveError(Now.AddSeconds(2), "ECONNRESET", "reset", 2),
            new EnclaveError(Now.AddSeconds(1), "timeout", "no answer", 1)], errors.Latest);
    }

    [Fact]
    public void Note_ManyDifferent_KeepsTheLatest()
    {
        var errors = new EnclaveErrors();
        for (var i = 0; i < 1000; i++)
            errors.Note(Now.AddSeconds(i), "status", $"answered {i}");

        Assert.Equal(8, errors.Latest.Count);
        Assert.Equal("answered 999", errors.Latest[0].Detail);
        Assert.Equal("answered 992", errors.Latest[^1].Detail);
    }
}
