namespace ParentProxy.Configuration;

/// <summary>Section <c>Enclave</c>: what the program does inside an enclave. What is not named is not done.</summary>
internal sealed record InsideOptions
{
    /// <summary>What the parent reaches inside.</summary>
    public IReadOnlyList<InsideIngressOptions> Ingress { get; init; } = [];

    /// <summary>The parent's HTTP proxy, for programs that know one; null for none.</summary>
    public InsideConnectOptions? Connect { get; init; }

    /// <summary>Addresses inside that lead to one of the parent's each.</summary>
    public IReadOnlyList<InsideForwardOptions> Forwards { get; init; } = [];

    /// <summary>Names that lead to the parent, for programs that know no proxy; null for none.</summary>
    public InsideTransparentOptions? Transparent { get; init; }

    /// <summary>Names; null for none.</summary>
    public InsideDnsOptions? Dns { get; init; }

    /// <summary>The clock; null when it is left alone.</summary>
    public InsideTimeOptions? Time { get; init; }

    /// <summary>Where the lines of the application and of the program go; null for nowhere but the console.</summary>
    public InsideLogsOptions? Logs { get; init; }

    /// <summary>Health and metrics for the parent; null for none.</summary>
    public InsideStatusOptions? Status { get; init; }

    /// <summary>The application; null when somebody else starts it.</summary>
    public InsideApplicationOptions? Application { get; init; }

    /// <summary>Whether <c>lo</c> is brought up and gets a second address, without which glibc takes IPv4 for absent.</summary>
    public bool SetUpLoopback { get; init; } = true;

    /// <summary>How long a connection to the application or the parent may take to come about.</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long nothing may move on a connection in either direction.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromHours(1);

    /// <summary>How long nothing may move once one direction has ended.</summary>
    public TimeSpan HalfCloseTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Connections of a listener that may be open, over which a new one is closed at once.</summary>
    public int MaxConnections { get; init; } = 10_000;

    /// <summary>How long the application, and then the connections, may take to end after a signal.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(30);
}
