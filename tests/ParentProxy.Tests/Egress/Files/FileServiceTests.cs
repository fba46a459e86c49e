using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using ParentProxy.Configuration;
using ParentProxy.Egress;
using ParentProxy.Egress.Files;
using ParentProxy.Tests.Simulator;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Files;

public sealed class FileServiceTests : IDisposable
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    private readonly TemporaryDirectory _directory = new();
    private readonly TestLog _log = new();
    private readonly LoggerFactory _factory;
    private readonly ManualTimeProvider _time = new();
    private readonly List<string> _refused = [];
    private readonly EgressCounts _counts = new();
    private readonly FileService _service;
    private EgressFileOptions _options;

    public FileServiceTests()
    {
        _options = new EgressFileOptions
        {
            Listen = new EgressAddress("unix:/run/test.sock", Port: null, "/run/test.sock"),
            Path = _directory.File("config.json"),
        };
        _factory = new LoggerFactory([_log]);
        var logger = _factory.CreateLogger<FileService>();
        _service = new FileService(
            () => _options, () => Timeout, (peer, reason) => _refused.Add($"{peer} {reason}"), _counts, logger, _time);
    }

    public void Dispose()
    {
        _factory.Dispose();
        _log.Dispose();
        _directory.Dispose();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(64 * 1024)]
    [InlineData(3_000_001)]
    public async Task Serve_File_IsSentWholeAndThenTheEnd(int length)
    {
        var content = RandomNumberGenerator.GetBytes(length);
        await File.WriteAllBytesAsync(_options.Path, content);
        using var connection = new ServedConnection(_service);

        Assert.Equal(content, await connection.ReadAllAsync());
        await connection.Served;
        AssertCounted(EgressResult.Ok);
        Assert.Equal(
            $"Information: proof-server (CID 16) got {_options.Path}, {length} bytes, on unix:/run/test.sock",
            Line(Assert.Single(_log.Entries)));
    }

    [Fact]
    public async Task Serve_FileReplacedMeanwhile_IsSentAsItWas()
    {
        // More than fits between the two, so that the rest is read after the replacement.
        var before = RandomNumberGenerator.GetBytes(3_000_000);
        await File.WriteAllBytesAsync(_options.Path, before);
        using var connection = new ServedConnection(_service);
        var first = await connection.ReadAsync(1000);
        await File.WriteAllTextAsync(_directory.File("new"), "after");
        File.Move(_directory.File("new"), _options.Path, overwrite: true);

        Assert.Equal(before, (byte[])[.. first, .. await connection.ReadAllAsync()]);
        using var next = new ServedConnection(_service);
        Assert.Equal("after", Encoding.UTF8.GetString(await next.ReadAllAsync()));
    }

    [Fact]
    public async Task Serve_Link_IsFollowed()
    {
        await File.WriteAllTextAsync(_directory.File("target"), "content");
        File.CreateSymbolicLink(_options.Path, "target");
        using var connection = new ServedConnection(_service);

        Assert.Equal("content", Encoding.UTF8.GetString(await connection.ReadAllAsync()));
    }

    [Theory]
    [InlineData(null, null, 16u, "prover-1", "proof-server", true)]
    [InlineData(null, null, null, null, null, true)]
    [InlineData(new[] { 16u, 17u }, null, 17u, null, null, true)]
    [InlineData(new[] { 16u }, null, 17u, "prover-1", "proof-server", false)]
    [InlineData(new[] { 16u }, null, null, "prover-1", "proof-server", false)]
    [InlineData(new uint[0], null, 16u, null, null, false)]
    [InlineData(null, "proof-*", 16u, "prover-1", "proof-server", true)]
    [InlineData(null, "PROVER-?", 16u, "prover-1", "proof-server", true)]
    [InlineData(null, "proof", 16u, "prover-1", "proof-server", false)]
    [InlineData(null, "*", 16u, null, null, false)]
    [InlineData(new[] { 16u }, "proof-*", 16u, "prover-1", "proof-server", true)]
    [InlineData(new[] { 17u }, "proof-*", 16u, "prover-1", "proof-server", false)]
    [InlineData(new[] { 16u }, "other", 16u, "prover-1", "proof-server", false)]
    public async Task Serve_Peer_GetsItOnlyIfItMay(uint[]? cids, string? pattern, uint? cid, string? id, string? name, bool mayHave)
    {
        await File.WriteAllTextAsync(_options.Path, "secret");
        _options = _options with { Cids = cids, Enclaves = pattern is null ? null : ["nobody", pattern] };
        using var connection = new ServedConnection(_service, new EgressPeer(cid, id, name));

        Assert.Equal(mayHave ? "secret" : "", Encoding.UTF8.GetString(await connection.ReadAllAsync()));
        await connection.Served;
        Assert.Equal(mayHave, _refused.Count == 0);
        Assert.DoesNotContain(_log.Entries, entry => entry.Message.Contains("secret", StringComparison.Ordinal));
        Assert.Equal(mayHave ? 1 : 0, _log.Entries.Count);
    }

    [Fact]
    public async Task Serve_Refusal_NamesFileAndWhoMayHaveIt()
    {
        _options = _options with { Cids = [17, 18] };
        await ServeNothingAsync();
        _options = _options with { Cids = null, Enclaves = ["a*", "b"] };
        await ServeNothingAsync();

        Assert.Equal(
            [
                $"proof-server (CID 16) may not have {_options.Path}: it is for the CIDs 17, 18",
                $"proof-server (CID 16) may not have {_options.Path}: it is for the enclaves a*, b",
            ],
            _refused);
    }

    [Theory]
    [InlineData("nothing", "ENOENT (no such file or directory)")]
    [InlineData("file/below", "ENOTDIR (not a directory)")]
    [InlineData("loop", "ELOOP (too many levels of symbolic links)")]
    [InlineData("folder", "it is a folder, not an ordinary file")]
    [InlineData("pipe", "it is a pipe, not an ordinary file")]
    [InlineData("/dev/null", "it is a device, not an ordinary file")]
    public async Task Serve_NoFile_SendsNothingAndSaysWhy(string path, string reason)
    {
        await File.WriteAllTextAsync(_directory.File("file"), "");
        Directory.CreateDirectory(_directory.File("folder"));
        File.CreateSymbolicLink(_directory.File("loop"), "loop");
        using (var made = Process.Start("mkfifo", [_directory.File("pipe")]))
            await made.WaitForExitAsync();
        _options = _options with { Path = Path.Combine(_directory.Root, path) };

        await ServeNothingAsync();

        AssertCounted(EgressResult.Unreachable);
        Assert.Equal(
            $"Warning: proof-server (CID 16) got nothing on unix:/run/test.sock: {_options.Path} could not be opened: {reason}",
            Line(Assert.Single(_log.Entries)));
    }

    [Fact]
    public async Task Serve_EnclaveThatDoesNotRead_IsGivenUp()
    {
        await File.WriteAllBytesAsync(_options.Path, new byte[3_000_000]);
        using var connection = new ServedConnection(_service);
        await _time.WaitForTimerAsync(Timeout);
        await Eventually.TrueAsync(() =>
        {
            _time.Advance(Timeout);
            return connection.Served.IsCompleted;
        });

        Assert.Matches(
            "^proof-server \\(CID 16\\) got but the first [0-9]+ bytes of .*: it took none of the rest for 00:01:00$",
            Assert.Single(_log.Entries).Message);
    }

    [Fact]
    public async Task Serve_EnclaveThatLeaves_IsSaid()
    {
        await File.WriteAllBytesAsync(_options.Path, new byte[3_000_000]);
        using var connection = new ServedConnection(_service);
        await connection.ReadAsync(1000);
        connection.Far.Close(0);

        await connection.Served.WaitAsync(TestDeadline.Value);
        AssertCounted(EgressResult.Unreachable);
        Assert.Matches(
            "^Warning: .* got but the first [0-9]+ bytes of .*: (ECONNRESET|EPIPE), the connection is over$",
            Line(Assert.Single(_log.Entries)));
    }

    private void AssertCounted(EgressResult result) =>
        Assert.Equal([("unix:/run/test.sock", "none", result, 1)], _counts.Results);

    private static string Line(TestLog.Entry entry) => $"{entry.Level}: {entry.Message}";

    private async Task ServeNothingAsync()
    {
        using var connection = new ServedConnection(_service);
        Assert.Empty(await connection.ReadAllAsync());
        await connection.Served;
    }
}
