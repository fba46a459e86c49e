namespace ParentProxy.Dns;

/// <summary>What <see cref="MessageSplitter.Take"/> found in what has come of a stream.</summary>
internal enum SplitStatus
{
    /// <summary>No whole message is there.</summary>
    NeedMore,

    /// <summary>A message, perhaps with more behind it.</summary>
    Message,

    /// <summary>Where the next message begins cannot be known any more.</summary>
    Lost,
}
