namespace ParentProxy.Sockets;

/// <summary>A relayed connection as <see cref="RelayWatch{T}"/> knows it, without an object of the watch's own for each.</summary>
internal interface IWatchedRelay<T>
    where T : class, IWatchedRelay<T>
{
    /// <summary>The next in the list of the watch, which alone touches it.</summary>
    T? Next { get; set; }

    /// <summary>The one before in the list of the watch, which alone touches it.</summary>
    T? Previous { get; set; }

    /// <summary>Looks whether a time-out has passed.</summary>
    /// <param name="now">Timestamp of the look.</param>
    void Check(long now);
}
