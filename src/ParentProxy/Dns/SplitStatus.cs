namespace ParentProxy.Dns;

/// <summary>What was at the front of a stream, as <see cref="MessageSplitter.Take"/> found it.</summary>
internal enum SplitStatus
{
    /// <summary>No whole message is there.</summary>
    NeedMore,

    /// <summary>A message, perhaps with more behind it.</summary>
    Message,

    /// <summary>Where the next message begins cannot be known any more.</summary>
    Lost,
}
