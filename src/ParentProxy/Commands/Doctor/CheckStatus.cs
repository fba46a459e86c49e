namespace ParentProxy.Commands.Doctor;

/// <summary>What a check came to.</summary>
internal enum CheckStatus
{
    /// <summary>Nothing is wrong there.</summary>
    Ok,

    /// <summary>It works, or need not, but it may become a problem.</summary>
    Warn,

    /// <summary>It is why something does not work.</summary>
    Fail,

    /// <summary>It could not be looked at here; the remedy says what that takes.</summary>
    Skip,
}
