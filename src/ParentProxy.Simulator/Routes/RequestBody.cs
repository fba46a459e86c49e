using Microsoft.AspNetCore.Http;

namespace ParentProxy.Simulator.Routes;

/// <summary>Reads a request's body to its end without keeping it.</summary>
internal static class RequestBody
{
    /// <summary>Gives every piece to <paramref name="onChunk"/> and returns the length.</summary>
    public static async Task<long> ReadAsync(HttpContext context, ReadOnlySpanAction onChunk)
    {
        var reader = context.Request.BodyReader;
        long length = 0;
        while (true)
        {
            var read = await reader.ReadAsync(context.RequestAborted);
            foreach (var segment in read.Buffer)
                onChunk(segment.Span);
            length += read.Buffer.Length;
            reader.AdvanceTo(read.Buffer.End);
            if (read.IsCompleted)
                return length;
        }
    }

    /// <summary>Takes one piece of a body, which is valid during the call only.</summary>
    public delegate void ReadOnlySpanAction(ReadOnlySpan<byte> chunk);
}
