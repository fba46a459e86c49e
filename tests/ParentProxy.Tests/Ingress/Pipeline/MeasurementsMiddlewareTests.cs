using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress.Pipeline;

public sealed class MeasurementsMiddlewareTests : IDisposable
{
    private const string Path = "/.well-known/pcr-measurements.json";
    private const string Ours = "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n";

    private readonly TemporaryDirectory _directory = new();

    private string Setting => $"Attestation:MeasurementsFile={_directory.File("pcrs.json")}";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Get_WithAFile_IsItsContent()
    {
        var json = Write('a');
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Setting);

        var answer = await proxy.ExchangeAsync($"GET {Path}?any=query HTTP/1.1\r\nHost: x\r\nX-Request-Id: the-id\r\n\r\n");

        Assert.Equal(200, answer.Status);
        Assert.Equal(json, Encoding.UTF8.GetString(answer.Body));
        Assert.Equal("application/json", answer.Field("Content-Type"));
        Assert.Equal("no-cache", answer.Field("Cache-Control"));
        Assert.Equal("the-id", answer.Field("X-Request-Id"));
        Assert.Empty(enclave.Requests);
    }

    [Fact]
    public async Task Head_WithAFile_IsItsHead()
    {
        var json = Write('a');
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Setting);
        await using var client = await proxy.ConnectAsync();

        await client.SendAsync($"HEAD {Path} HTTP/1.1\r\nHost: x\r\n\r\n");
        var head = await client.ReadMessageAsync(bodiless: true);
        await client.SendAsync("GET / HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal((200, $"{json.Length}"), (head.Status, head.Field("Content-Length")));
        Assert.NotNull(head.Field("ETag"));
        Assert.Equal(418, (await client.ReadMessageAsync()).Status);
    }

    [Theory]
    [InlineData("{0}", 304)]
    [InlineData("W/{0}", 304)]
    [InlineData("\"other\", {0}", 304)]
    [InlineData("*", 304)]
    [InlineData("\"other\"", 200)]
    [InlineData("nonsense", 200)]
    public async Task Get_OfWhatTheClientHas_Is304(string known, int status)
    {
        Write('a');
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Setting);
        var tag = (await proxy.ExchangeAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\n\r\n")).Field("ETag")!;

        var answer = await proxy.ExchangeAsync(
            $"GET {Path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {known.Replace("{0}", tag, StringComparison.Ordinal)}\r\n\r\n");

        Assert.Equal((status, tag), (answer.Status, answer.Field("ETag")));
    }

    [Theory]
    [InlineData("POST", Path)]
    [InlineData("get", Path)]
    [InlineData("GET", Path + "/")]
    [InlineData("GET", "/" + Path)]
    [InlineData("GET", "/.well-known/%70cr-measurements.json")]
    [InlineData("GET", "/.well-known/PCR-measurements.json")]
    public async Task OtherRequest_WithAFile_GoesToTheEnclave(string method, string target)
    {
        Write('a');
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Setting);

        Assert.Equal(418, (await proxy.ExchangeAsync($"{method} {target} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Get_WithoutAFile_GoesToTheEnclave()
    {
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave);

        Assert.Equal(418, (await proxy.ExchangeAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\n\r\n")).Status);
    }

    [Fact]
    public async Task Reload_OtherContent_IsServed()
    {
        Write('a');
        await using var enclave = ScriptedEnclave.Answering(Ours);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave, Setting);
        var before = await proxy.ExchangeAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\n\r\n");

        var json = Write('b');
        Assert.Equal(before.Body, (await proxy.ExchangeAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\n\r\n")).Body);
        proxy.Apply();
        var after = await proxy.ExchangeAsync($"GET {Path} HTTP/1.1\r\nHost: x\r\n\r\n");

        Assert.Equal(json, Encoding.UTF8.GetString(after.Body));
        Assert.NotEqual(before.Field("ETag"), after.Field("ETag"));
    }

    private string Write(char digit)
    {
        var pcr = new string(digit, 96);
        var json = $$"""{ "PCR0": "{{pcr}}", "PCR1": "{{pcr}}", "PCR2": "{{pcr}}" }""";
        File.WriteAllText(_directory.File("pcrs.json"), json);
        return json;
    }
}
