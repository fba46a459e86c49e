using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace ParentProxy.Vsock.Tests;

/// <summary>What Kestrel and SocketsHttpHandler must do over the transport and the stream.</summary>
internal static class WebScenarios
{
    public static async Task RequestsInParallelAsync(IServerTransport transport, Version version, int requests)
    {
        await using WebServer server = await WebServer.StartAsync(transport, version, async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            string body = await reader.ReadToEndAsync();
            await context.Response.WriteAsync($"{context.Request.Protocol} {context.Request.Path} {body}");
        });

        await Parallel.ForEachAsync(
            Enumerable.Range(0, requests), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, cancellationToken) =>
            {
                using var content = new StringContent($"body{i}");
                using HttpResponseMessage response = await server.Client.PostAsync(
                    new Uri($"p{i}", UriKind.Relative), content, cancellationToken);
                Assert.Equal(
                    $"HTTP/{(version.Major == 2 ? "2" : "1.1")} /p{i} body{i}",
                    await response.Content.ReadAsStringAsync(cancellationToken));
            });
    }

    public static async Task LargeBodiesArriveWholeAsync(IServerTransport transport, Version version, int length)
    {
        await using WebServer server = await WebServer.StartAsync(transport, version, async context =>
        {
            var copy = new MemoryStream();
            await context.Request.Body.CopyToAsync(copy);
            context.Response.ContentLength = copy.Length;
            await context.Response.Body.WriteAsync(copy.GetBuffer().AsMemory(0, (int)copy.Length));
        });
        byte[] data = Payload.Create(length);

        using var content = new ByteArrayContent(data);
        using HttpResponseMessage response = await server.Client.PostAsync(new Uri("echo", UriKind.Relative), content);

        Assert.Equal(data, await response.Content.ReadAsByteArrayAsync());
    }

    public static async Task ClientGivesUp_RequestAbortedAsync(IServerTransport transport, Version version)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var aborted = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using WebServer server = await WebServer.StartAsync(transport, version, async context =>
        {
            context.RequestAborted.Register(aborted.SetResult);
            started.SetResult();
            await aborted.Task;
        });
        using var cancel = new CancellationTokenSource();

        Task<HttpResponseMessage> request = server.Client.GetAsync(new Uri("wait", UriKind.Relative), cancel.Token);
        await Safety.WithinAsync(started.Task);
        cancel.Cancel();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Safety.WithinAsync(request));
        await Safety.WithinAsync(aborted.Task);
    }

    public static async Task HalfClosingClientGetsItsAnswerAsync(IServerTransport transport)
    {
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using WebServer server = await WebServer.StartAsync(transport, HttpVersion.Version11, async context =>
        {
            await go.Task;
            await context.Response.WriteAsync("answer");
        });
        await using VsockStream stream = await transport.DialAsync(CancellationToken.None);
        await stream.WriteAsync("GET / HTTP/1.1\r\nHost: enclave\r\n\r\n"u8.ToArray());
        stream.ShutdownSend();
        go.SetResult();

        using var reader = new StreamReader(stream, Encoding.ASCII);
        string answer = await Safety.WithinAsync(reader.ReadToEndAsync());

        Assert.StartsWith("HTTP/1.1 200", answer, StringComparison.Ordinal);
        Assert.Contains("answer", answer, StringComparison.Ordinal);
    }

    public static async Task StopWaitsForRequestsAsync(IServerTransport transport, Version version)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var go = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using WebServer server = await WebServer.StartAsync(transport, version, async context =>
        {
            started.TrySetResult();
            await go.Task;
            await context.Response.WriteAsync("finished");
        });

        Task<string> request = server.Client.GetStringAsync(new Uri("slow", UriKind.Relative));
        await Safety.WithinAsync(started.Task);
        Task stopping = server.StopAsync();
        Assert.False(stopping.IsCompleted);
        go.SetResult();

        Assert.Equal("finished", await Safety.WithinAsync(request));
        await stopping;
    }
}
