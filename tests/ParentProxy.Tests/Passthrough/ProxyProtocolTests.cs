using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using ParentProxy.Tests.ProxyProtocol;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Passthrough;

/// <summary>PROXY headers of passthrough, in and out.</summary>
public sealed class ProxyProtocolTests
{
    private const string V1 = "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\r\n";

    [Theory]
    [InlineData("none", "127.0.0.0/8", V1 + "hello\n", V1 + "hello\n")]
    [InlineData("optional", "127.0.0.0/8", V1 + "hello\n", "hello\n")]
    [InlineData("optional", "127.0.0.0/8", "hello\n", "hello\n")]
    [InlineData("optional", "127.0.0.0/8", "P", "")]
    [InlineData("optional", "127.0.0.0/8", "PROXY me\r\n", null)]
    [InlineData("optional", "10.0.0.0/8", V1 + "hello\n", V1 + "hello\n")]
    [InlineData("required", "127.0.0.0/8", V1 + "hello\n", "hello\n")]
    [InlineData("required", "127.0.0.0/8", "hello\n", null)]
    [InlineData("required", "127.0.0.0/8", "PROXY TCP4 192.0.2.1 198.51.100.7 56324 443\nhello\n", null)]
    [InlineData("required", "127.0.0.0/8", "PROXY TCP4 192.0.2.1 198.51.100.7 0443 443\r\nhello\n", null)]
    [InlineData("required", "10.0.0.0/8", V1 + "hello\n", null)]
    public async Task Accept_WhatComesFirst_IsReadOrRefused(string accept, string trusted, string said, string? forwarded)
    {
        var received = Channel.CreateUnbounded<string>();
        await using var enclave = ScriptedEnclave.Start(async connection =>
            received.Writer.TryWrite((await connection.ReadTextToEndAsync()).Text));
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, $"Passthrough:0:ProxyProtocol:Accept={accept}", $"Passthrough:0:ProxyProtocol:TrustedSources:0={trusted}");
        try
        {
            await using var client = await proxy.ConnectRawAsync();
            await client.SendAsync(said);
            if (forwarded is not null)
                client.ShutdownSend();
            if (forwarded is { Length: > 0 })
            {
                Assert.Equal(forwarded, await received.Reader.ReadAsync().AsTask().WaitAsync(TestDeadline.Value));
                return;
            }

            await client.AssertResetAsync();
        }
        catch (Exception ex) when (forwarded is null && (ex as SocketException ?? ex.InnerException) is SocketException)
        {
            // A stranger is reset before it has said anything, perhaps before it knows that it is connected.
        }

        await proxy.Log.WaitForAsync(entry => entry.Message.Contains("was refused (proxy_protocol)", StringComparison.Ordinal));
        await proxy.HasOpenAsync(0);
        Assert.Equal(0, enclave.Accepted);
        Assert.Equal(0, proxy.Server.Passthrough.Open[0].Counts.BytesFromClients);
    }

    [Fact]
    public async Task Accept_OptionalAndTheEnclaveSpeaksFirst_TheClientHearsItAfterPrereadTimeout()
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
        {
            await connection.SendAsync("220 welcome\n");
            await connection.ReadToEndAsync();
        });
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, "Passthrough:0:ProxyProtocol:Accept=optional", "Passthrough:0:PrereadTimeout=00:00:00.200");
        await using var client = await proxy.ConnectRawAsync();

        Assert.Equal("220 welcome", await client.ReadLineAsync());
    }

    [Fact]
    public async Task Accept_RequiredAndNothingComes_IsResetAfterPrereadTimeout()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, "Passthrough:0:ProxyProtocol:Accept=required", "Passthrough:0:PrereadTimeout=00:00:00.200");
        await using var client = await proxy.ConnectRawAsync();

        await client.AssertResetAsync();

        await proxy.Log.WaitForAsync(entry => entry.Message.Contains(
            "(preread_timeout): its PROXY header did not come within PrereadTimeout; 0 bytes did", StringComparison.Ordinal));
        Assert.Equal(0, enclave.Accepted);
    }

    [Fact]
    public async Task Accept_Header_ItsClientIsInTheLineAndIsCountedAgainstTheLimit()
    {
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, "Passthrough:0:ProxyProtocol:Accept=required", "Passthrough:0:MaxConnectionsPerSource=1");
        await using (var client = await proxy.ConnectRawAsync())
        {
            await client.SendAsync(V1);
            Assert.Equal("x", await client.AskAsync("x"));
            await using var second = await proxy.ConnectRawAsync();
            await second.SendAsync(V1);
            await second.AssertResetAsync();
            await using var other = await proxy.ConnectRawAsync();
            await other.SendAsync(V1.Replace("192.0.2.1", "192.0.2.2", StringComparison.Ordinal));
            Assert.Equal("y", await other.AskAsync("y"));
        }

        var refused = await proxy.Log.WaitForAsync(entry => entry.Message.Contains("(source_limit)", StringComparison.Ordinal));
        Assert.Contains("of 192.0.2.1:56324 on 127.0.0.1:0", refused.Message, StringComparison.Ordinal);
        var over = await proxy.Log.WaitForAsync(entry => entry.Message.Contains(" is over after ", StringComparison.Ordinal)
            && entry.Message.Contains("192.0.2.1:56324", StringComparison.Ordinal));
        Assert.Matches(@"\(told by 127\.0\.0\.1:\d+\)$", over.Message);
    }

    [Theory]
    [InlineData("v1")]
    [InlineData("v2")]
    public async Task Send_OfAClientItself_TellsItsAddresses(string version)
    {
        await using var enclave = ScriptedEnclave.Start(async connection =>
            await connection.SendAsync(Convert.ToHexStringLower((await connection.ReadToEndAsync()).Received)));
        await using var proxy = await PassthroughExtensions.StartAsync(enclave, $"Passthrough:0:ProxyProtocol:Send={version}");
        using var socket = new TcpClient();
        var endPoint = IPEndPoint.Parse(proxy.Server.Passthrough.EndPoints[0]);
        await socket.ConnectAsync(endPoint);
        var own = (IPEndPoint)socket.Client.LocalEndPoint!;
        await using var client = new WireConnection(socket.Client);
        await client.SendAsync("hello");
        client.ShutdownSend();

        var expected = version == "v1"
            ? HeaderBytes.Text($"PROXY TCP4 127.0.0.1 127.0.0.1 {own.Port} {endPoint.Port}\r\n")
            : HeaderBytes.Binary(0x21, 0x11, $"7f0000017f000001{own.Port:x4}{endPoint.Port:x4}");
        Assert.Equal(Convert.ToHexStringLower([.. expected, .. "hello"u8]), (await client.ReadTextToEndAsync()).Text);
    }

    /// <summary>A Network Load Balancer's: its TLVs reach the enclave, whatever they are.</summary>
    [Fact]
    public async Task Send_OfAClientThatAHeaderNames_PassesItOnWithItsTlvs()
    {
        var endpoint = Convert.ToHexStringLower(HeaderBytes.Text("vpce-08d2bf15fac5001c9"));
        await using var enclave = ScriptedEnclave.Start(async connection =>
            await connection.SendAsync(Convert.ToHexStringLower((await connection.ReadToEndAsync()).Received)));
        await using var proxy = await PassthroughExtensions.StartAsync(
            enclave, "Passthrough:0:ProxyProtocol:Send=v2", "Passthrough:0:ProxyProtocol:Accept=required");
        await using var client = await proxy.ConnectRawAsync();
        var header = HeaderBytes.Binary(0x21, 0x11, $"{HeaderBytes.TcpOverIPv4}ea001701{endpoint}e10002abcd");
        await client.SendAsync(header);
        await client.SendAsync("hello");
        client.ShutdownSend();

        var (text, _) = await client.ReadTextToEndAsync();

        Assert.Equal(Convert.ToHexStringLower([.. header, .. "hello"u8]), text);
        await proxy.Log.WaitForAsync(entry => entry.Message.Contains("VPC endpoint vpce-08d2bf15fac5001c9", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Send_OverAUnixSocket_TellsThatThereIsNoClient()
    {
        using var directory = new TemporaryDirectory();
        await using var enclave = PassthroughExtensions.Echo();
        await using var proxy = await TestProxy.InFrontOfAsync(
            enclave,
            $"Passthrough:0:Listen=unix:{directory.File("x.sock")}",
            "Passthrough:0:To=enclaves",
            "Passthrough:0:ProxyProtocol:Send=v1");
        await using var client = await proxy.ConnectRawAsync();

        Assert.Equal("PROXY UNKNOWN", await client.AskAsync("x"));
        Assert.Equal("x", await client.ReadLineAsync());
    }
}
