namespace ParentProxy.Ingress.Kestrel.Certificates;

internal enum FileChange
{
    /// <summary>The files are as they were, or nothing can be said of them yet.</summary>
    None,

    /// <summary>They held something else, which is in use now.</summary>
    Used,

    /// <summary>They hold something that cannot be used; what was there before stays.</summary>
    Refused,
}
