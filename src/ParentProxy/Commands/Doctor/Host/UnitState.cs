namespace ParentProxy.Commands.Doctor.Host;

/// <summary>What systemd says of a unit.</summary>
/// <param name="properties">Its properties.</param>
internal sealed class UnitState(IReadOnlyDictionary<string, string> properties)
{
    private const string Asked = "LoadState,ActiveState,SubState,Result,ExecMainStatus,NRestarts,UnitFileState,MainPID,"
        + "FileDescriptorStoreMax,NFileDescriptorStore,Environment";

    /// <summary>May hold secrets: only what is looked for in it is told.</summary>
    private const string Variables = "Environment";

    /// <summary>A property; empty where there is none.</summary>
    public string this[string property] => properties.GetValueOrDefault(property, "");

    /// <summary>All of them in one line, without the variables.</summary>
    public string Text => string.Join(' ', properties
        .Where(property => property.Key != Variables)
        .Select(property => $"{property.Key}={property.Value}"));

    /// <summary>A variable that the unit itself sets (<c>Environment=</c>); empty where there is none.</summary>
    public string Variable(string name) => this[Variables]
        .Split(' ')
        .LastOrDefault(variable => variable.StartsWith($"{name}=", StringComparison.Ordinal))?[(name.Length + 1)..] ?? "";

    /// <summary>Asks for it; null where systemctl gives no answer.</summary>
    public static async Task<UnitState?> OfAsync(Machine machine, string unit, CancellationToken cancellationToken)
    {
        var output = await machine.Run("systemctl", ["show", unit, $"--property={Asked}"], cancellationToken);
        var properties = (output?.Text ?? "")
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Select(line => line.Split('=', 2))
            .Where(pair => pair.Length == 2)
            .DistinctBy(pair => pair[0])
            .ToDictionary(pair => pair[0], pair => pair[1]);
        return output is { ExitCode: 0 } && properties.Count > 0 ? new UnitState(properties) : null;
    }
}
