namespace ParentProxy.Http1;

/// <summary>What <see cref="ChunkedDecoder.Read"/> came to.</summary>
internal enum ChunkedProgress
{
    /// <summary>All bytes are consumed; the body goes on.</summary>
    NeedsMore,

    /// <summary>A piece of data. There may be more in the bytes behind what was consumed.</summary>
    Data,

    /// <summary>The body and its trailers are complete; bytes behind what was consumed are not theirs.</summary>
    End,
}
