namespace ParentProxy.Http1;

/// <summary>What reading a part of a chunked body came to.</summary>
internal enum ChunkedProgress
{
    /// <summary>All bytes are consumed; there is more to come.</summary>
    NeedsMore,

    /// <summary>A piece of data. There may be more in the bytes behind what was consumed.</summary>
    Data,

    /// <summary>
    /// The end: for <see cref="ChunkReader"/> that of the chunks, so that trailers are next; for <see cref="ChunkedDecoder"/>
    /// that of the trailers, so that bytes behind what was consumed are not the body's.
    /// </summary>
    End,

    /// <summary>The framing is wrong, or more than we accept: <see cref="ChunkReader.Fault"/> says how.</summary>
    Broken,
}
