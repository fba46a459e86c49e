namespace ParentProxy.Configuration;

/// <summary>When an application that has ended is started again.</summary>
internal enum RestartPolicy
{
    /// <summary>Never: the program ends with its exit code, and with it the enclave.</summary>
    Never,

    /// <summary>When its exit code is not 0, or a signal ended it.</summary>
    OnFailure,

    /// <summary>Always, until the program itself is told to stop.</summary>
    Always,
}
