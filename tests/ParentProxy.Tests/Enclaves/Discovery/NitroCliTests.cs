using ParentProxy.Enclaves.Discovery;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Enclaves.Discovery;

public sealed class NitroCliTests : IDisposable
{
    private readonly FakeNitroCli _program = new();

    [Fact]
    public async Task Describe_Answer_IsRead()
    {
        _program.Tell(FakeNitroCli.Enclave("app", 16));
        var result = await DescribeAsync();
        Assert.Null(result.Failure);
        Assert.Equal("app", Assert.Single(result.Enclaves).Name);
        Assert.Equal(["describe-enclaves"], _program.Arguments);
    }

    [Fact]
    public async Task Describe_ErrorExit_NamesTheStatusAndWhatWasSaid()
    {
        _program.Do("error");
        var failure = (await DescribeAsync()).Failure!;
        Assert.Equal("exit", failure.Code);
        Assert.Contains("status 19: [ E19 ] File operation failure", failure.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Describe_OneEnclaveDidNotAnswer_TheOthersAreTold()
    {
        _program.Tell(FakeNitroCli.Enclave("app", 16));
        _program.Do("partial");
        var result = await DescribeAsync();
        Assert.Contains("status 39: [ E39 ]", result.Failure!.Reason, StringComparison.Ordinal);
        Assert.Single(result.Enclaves);
        Assert.False(result.IsComplete);
    }

    [Fact]
    public async Task Describe_TooSlow_IsKilledWithItsChildren()
    {
        _program.Do("hang");
        var call = DescribeAsync(TimeSpan.FromSeconds(4));
        await Eventually.TrueAsync(() => _program.Child is not null);
        Assert.Equal("timeout", (await call).Failure?.Code);
        await Eventually.TrueAsync(() => HasEnded(_program.Child!.Value));
    }

    [Fact]
    public async Task Describe_Cancelled_IsKilledWithItsChildren()
    {
        _program.Do("hang");
        using var cancel = new CancellationTokenSource();
        var call = DescribeAsync(TestDeadline.Value, cancellationToken: cancel.Token);
        await Eventually.TrueAsync(() => _program.Child is not null);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => call);
        await Eventually.TrueAsync(() => HasEnded(_program.Child!.Value));
    }

    [Fact]
    public async Task Describe_EndlessOutput_IsCutOff()
    {
        _program.Do("flood");
        Assert.Equal("output", (await DescribeAsync()).Failure?.Code);
    }

    [Theory]
    [InlineData("not JSON")]
    [InlineData("")]
    public async Task Describe_Nonsense_IsMalformed(string output)
    {
        _program.Print(output);
        Assert.Equal("json", (await DescribeAsync()).Failure?.Code);
    }

    [Fact]
    public async Task Describe_NoSuchFile_SaysSo()
    {
        var failure = (await DescribeAsync(program: "/nonexistent/nitro-cli")).Failure!;
        Assert.Equal("ENOENT", failure.Code);
        Assert.Contains("Discovery:NitroCli", failure.Hint, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/etc/passwd", "EACCES")]
    [InlineData("/etc", "EISDIR")]
    public async Task Describe_NoProgram_SaysSo(string program, string code) =>
        Assert.Equal(code, (await DescribeAsync(program: program)).Failure?.Code);

    [Fact]
    public async Task Describe_InputIsAtItsEndAndItsLogIsOff()
    {
        _program.Do("input");
        Assert.Null((await DescribeAsync()).Failure);
        Assert.Equal("RUST_LOG=off secret=0", _program.Seen);
    }

    public void Dispose() => _program.Dispose();

    private static bool HasEnded(int pid)
    {
        try
        {
            // A zombie has ended, too: who should have waited for it was killed.
            return File.ReadAllText($"/proc/{pid}/stat").Split(") ")[1].StartsWith('Z');
        }
        catch (Exception ex) when (ex is IOException)
        {
            return true;
        }
    }

    private Task<DescribeResult> DescribeAsync(
        TimeSpan? timeout = null, string? program = null, CancellationToken cancellationToken = default) =>
        new NitroCli(TimeProvider.System).DescribeAsync(program ?? _program.Program, timeout ?? TestDeadline.Value, cancellationToken);
}
