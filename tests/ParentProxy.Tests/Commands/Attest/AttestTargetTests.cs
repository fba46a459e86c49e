using ParentProxy.Commands.Attest;
using ParentProxy.Tests.Configuration;
using ParentProxy.Tests.Enclaves.Discovery;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Tests.Commands.Attest;

/// <summary>Where <c>attest</c> connects. Nothing is dialled.</summary>
public sealed class AttestTargetTests
{
    private const string Two = """
        { "Enclaves": [ { "Id": "a", "Name": "signer", "Cid": 20, "Port": 6300 }, { "Id": "b", "Transport": "tcp", "TcpHost": "h", "Port": 80 } ] }
        """;

    [Theory]
    [InlineData("a", "vsock://20:9000")]
    [InlineData("Signer", "vsock://20:9000")]
    [InlineData("signer", "vsock://20:7000", 7000u)]
    [InlineData("signer", "vsock://20:6300", null, true)]
    [InlineData("b", "tcp://h:9000")]
    public async Task Enclave_OfTheConfiguration_IsAtTheOtherPort(string name, string endpoint, uint? port = null, bool http = false)
    {
        var target = new AttestTarget(TestConfiguration.Accept(Two), TimeProvider.System);

        var (found, reason) = await target.FindAsync(
            new AttestArguments { Enclave = name, Port = port, Http = http ? new HttpAttestationOptions() : null }, CancellationToken.None);

        Assert.Null(reason);
        Assert.Equal(endpoint, found.ToString());
    }

    [Theory]
    [InlineData("no enclave has the Id or Name 'c'; there are signer, b", "c")]
    [InlineData("--port: a TCP port is at most 65535", "b", 100_000u)]
    public async Task Enclave_ThatIsNone_IsSaid(string said, string name, uint? port = null)
    {
        var target = new AttestTarget(TestConfiguration.Accept(Two), TimeProvider.System);

        var (_, reason) = await target.FindAsync(new AttestArguments { Enclave = name, Port = port }, CancellationToken.None);

        Assert.StartsWith(said, reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(null, "vsock://18:9000")]
    [InlineData("other", "vsock://19:9000")]
    public async Task NoTarget_IsTheFirstThatRuns(string? name, string endpoint)
    {
        using var cli = new FakeNitroCli();
        cli.Tell(
            FakeNitroCli.Enclave("ending", 17, state: "TERMINATING"), FakeNitroCli.Enclave("app", 18), FakeNitroCli.Enclave("other", 19));
        var target = new AttestTarget(TestConfiguration.Accept(null, [.. cli.Settings.Select(setting => $"--{setting}")]), TimeProvider.System);

        var (found, reason) = await target.FindAsync(new AttestArguments { Enclave = name }, CancellationToken.None);

        Assert.Null(reason);
        Assert.Equal(endpoint, found.ToString());
    }

    [Theory]
    [InlineData("plain", "no enclave is running (")]
    [InlineData("error", "which enclave is running is not known: exit: ")]
    public async Task NoTarget_NoneRuns_IsSaid(string mode, string said)
    {
        using var cli = new FakeNitroCli();
        cli.Do(mode);
        var target = new AttestTarget(TestConfiguration.Accept(null, [.. cli.Settings.Select(setting => $"--{setting}")]), TimeProvider.System);

        var (_, reason) = await target.FindAsync(new AttestArguments(), CancellationToken.None);

        Assert.StartsWith(said, reason, StringComparison.Ordinal);
    }
}
