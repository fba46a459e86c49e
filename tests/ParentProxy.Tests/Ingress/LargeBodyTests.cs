using System.Security.Cryptography;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Ingress;

/// <summary>Memory of the process is looked at, so nothing else may run meanwhile.</summary>
[CollectionDefinition(nameof(LargeBodyTests), DisableParallelization = true)]
public sealed class LargeBodies;

[Collection(nameof(LargeBodyTests))]
public sealed class LargeBodyTests
{
    private const int MiB = 1024 * 1024;
    private const int Size = 64 * MiB;

    // Far below the body, far above what pipes, pools and the garbage of a transfer take.
    private const long MaxGrowth = 32 * MiB;

    [Theory]
    [InlineData("unix")]
    [InlineData("tcp")]
    [InlineData("hybrid")]
    public async Task Bodies_Of64MiB_ArriveWholeInFlatMemory(string transport)
    {
        await using var enclave = await TestEnclave.StartAsync(transport);
        await using var proxy = await TestProxy.InFrontOfAsync(enclave.Simulated);
        var block = new byte[MiB];
        Random.Shared.NextBytes(block);

        // Once to warm up, then watched.
        await DownloadAsync(proxy, new Watch());
        await UploadAsync(proxy, block, new Watch());
        var watch = new Watch();
        Assert.Equal(Pattern(), await DownloadAsync(proxy, watch));
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var i = 0; i < Size / MiB; i++)
            hash.AppendData(block);
        Assert.Equal(Convert.ToHexStringLower(hash.GetHashAndReset()), await UploadAsync(proxy, block, watch));

        Assert.InRange(watch.Growth, long.MinValue, MaxGrowth);
    }

    private static async Task<string> DownloadAsync(TestProxy proxy, Watch watch)
    {
        using var response = await proxy.Http.GetAsync($"/bytes/{Size}", HttpCompletionOption.ResponseHeadersRead);
        Assert.Equal(Size, response.Content.Headers.ContentLength);
        await using var body = await response.Content.ReadAsStreamAsync();
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var buffer = new byte[MiB];
        while (await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false) is > 0 and var read)
        {
            hash.AppendData(buffer, 0, read);
            watch.Look();
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    private static async Task<string> UploadAsync(TestProxy proxy, byte[] block, Watch watch)
    {
        using var response = await proxy.Http.PostAsync("/sha256", new Blocks(block, watch));
        var text = await response.Content.ReadAsStringAsync();
        using var json = System.Text.Json.JsonDocument.Parse(text);
        Assert.Equal(Size, json.RootElement.GetProperty("length").GetInt64());
        return json.RootElement.GetProperty("sha256").GetString()!;
    }

    private static string Pattern()
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = new byte[251 * 1024];
        for (var i = 0; i < bytes.Length; i++)
            bytes[i] = (byte)(i % 251);
        for (var left = Size; left > 0; left -= bytes.Length)
            hash.AppendData(bytes, 0, Math.Min(left, bytes.Length));
        return Convert.ToHexStringLower(hash.GetHashAndReset());
    }

    /// <summary>The largest size of the living heap against that at the start.</summary>
    private sealed class Watch
    {
        private readonly long _start = GC.GetTotalMemory(forceFullCollection: true);
        private int _looks;

        public long Growth { get; private set; }

        public void Look()
        {
            // Garbage is none of it; but to collect each time would be most of the test's time.
            if (++_looks % 8 == 0)
                Growth = Math.Max(Growth, GC.GetTotalMemory(forceFullCollection: true) - _start);
        }
    }

    private sealed class Blocks(byte[] block, Watch watch) : HttpContent
    {
        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (var i = 0; i < Size / MiB; i++)
            {
                await stream.WriteAsync(block);
                watch.Look();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = Size;
            return true;
        }
    }
}
