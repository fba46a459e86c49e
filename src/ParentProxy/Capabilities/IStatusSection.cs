namespace ParentProxy.Capabilities;

/// <summary>A capability's part of the status page.</summary>
internal interface IStatusSection
{
    /// <summary>The id of its element, which the navigation leads to; lower case.</summary>
    string Id { get; }

    /// <summary>What the navigation calls it.</summary>
    string Title { get; }

    /// <summary>Reads what one page shows and says of it, once, so that both agree.</summary>
    StatusPart Read(StatusMoment moment);
}
