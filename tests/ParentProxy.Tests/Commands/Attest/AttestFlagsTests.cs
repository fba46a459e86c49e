namespace ParentProxy.Tests.Commands.Attest;

/// <summary>Which arguments go together; what does not is said all at once.</summary>
public sealed class AttestFlagsTests
{
    [Theory]
    [InlineData("--cid names what to look at, and so does 'a'", "a", "--cid", "16")]
    [InlineData("--file names what to look at, and so does 'a'", "a", "--file", "f")]
    [InlineData("--port is for enclaves; 'tcp://h:1' says where to connect", "tcp://h:1", "--port", "9000")]
    [InlineData("'vsock://x:1' is not of the form vsock://CID:PORT", "vsock://x:1")]
    [InlineData("CID 0 is the hypervisor's", "vsock://0:1")]
    [InlineData("CID 0 is the hypervisor's", "--cid", "0")]
    [InlineData("'17.5' ", "--cid", "17.5")]
    [InlineData("'0' ", "--cid", "16", "--port", "0")]
    [InlineData("'soon' is not a number of seconds", "--timeout", "soon")]
    [InlineData("'0' is not a number of seconds", "--timeout", "0")]
    [InlineData("'1e9' is not a number of seconds", "--timeout", "1e9")]
    [InlineData("--nonce has 0 bytes, not 1 to 1024", "--nonce", "")]
    [InlineData("--nonce-hex: 'abc' is not pairs of hex digits", "--nonce-hex", "abc")]
    [InlineData("--nonce-hex is not UTF-8", "--nonce-hex", "ff")]
    [InlineData("--user-data-hex is not UTF-8", "--user-data-hex", "c3")]
    [InlineData("--user-data and --user-data-hex are the same thing", "--user-data", "a", "--user-data-hex", "61")]
    [InlineData("--http and --generate-key do not go together", "--http", "--generate-key")]
    [InlineData("--file and --ping do not go together", "--file", "f", "--ping")]
    [InlineData("--file and --user-data do not go together", "--file", "f", "--user-data", "a")]
    [InlineData("--ping and --status do not go together", "--ping", "--status")]
    [InlineData("--ping and --save do not go together", "--ping", "--save", "f")]
    [InlineData("--no-verify and --pcr0 do not go together", "--no-verify", "--pcr0", Pcr)]
    [InlineData("--no-verify and --allow-unpinned do not go together", "--no-verify", "--allow-unpinned")]
    [InlineData("--at goes with --file", "--at", "2026-09-01T00:00:00Z")]
    [InlineData("--tls goes with --http", "--tls")]
    [InlineData("--pointer goes with --http or --file", "--pointer", "/a")]
    [InlineData("'a' is no JSON pointer", "--http", "--pointer", "a")]
    [InlineData("'vsock://1:2' does not begin with '/'", "--http", "vsock://1:2")]
    [InlineData("'yesterday' is neither a time", "--file", "f", "--at", "yesterday")]
    [InlineData("--pcr0: not 96 hex digits", "--pcr0", "")]
    [InlineData("--pcr2: all zero", "--pcr2", Zero)]
    [InlineData("--json needs to know what to look at", "--pcrs-from", "f", "--json")]
    [InlineData("--allow-unpinned needs to know what to look at", "--pcrs-from", "f", "--allow-unpinned")]
    public async Task Arguments_ThatAreWrong_AreUsage(string said, params string[] arguments)
    {
        var run = await AttestRun.RunAsync(arguments);

        Assert.Equal(2, run.Code);
        Assert.Contains(said, run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Arguments_ThatAreWrong_AreSaidAllAtOnceAndOnce()
    {
        var run = await AttestRun.RunAsync(
            "--file", "x", "--cid", "3", "--tls", "--at", "yesterday", "--nonce", "a", "--nonce-hex", "zz", "--pcr0", "12");

        Assert.Equal(
            [
                "--nonce-hex: 'zz' is not pairs of hex digits",
                "--at: 'yesterday' is neither a time like 2026-09-01T00:00:00Z nor one in milliseconds since 1970",
                "--pcr0: not 96 hex digits, which SHA-384 gives",
                "--nonce and --nonce-hex are the same thing",
                "--file and --cid do not go together: with --file nobody is asked",
                "--file and --tls do not go together: with --file nobody is asked",
                "--tls goes with --http",
            ],
            run.Error.Split('\n'));
    }

    private const string Pcr = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Zero = "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
}
