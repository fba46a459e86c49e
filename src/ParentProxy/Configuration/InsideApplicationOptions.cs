namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave:Application</c>: what is started, and what becomes of it.</summary>
internal sealed record InsideApplicationOptions
{
    /// <summary>Program and arguments. The program is looked for in <c>PATH</c> when it has no slash.</summary>
    public required IReadOnlyList<string> Command { get; init; }

    /// <summary>Name of the user that it runs as; null for the same as the program's own.</summary>
    public string? User { get; init; }

    /// <summary>What tells that it serves: null for the first <c>Ingress</c>' own address, and for at once where there is none.</summary>
    public ReadinessOptions? Ready { get; init; }

    /// <summary>How long it may take until then.</summary>
    public TimeSpan ReadyTimeout { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>When it is started again after it has ended.</summary>
    public RestartPolicy Restart { get; init; } = RestartPolicy.Never;

    /// <summary>Before the first restart; doubled with each one, up to a minute, until it has run for a minute.</summary>
    public TimeSpan RestartDelay { get; init; } = TimeSpan.FromSeconds(1);
}
