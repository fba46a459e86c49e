using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Egress.Tunnels;

/// <summary>What enclaves reach, on the loopback.</summary>
internal static class Origins
{
    /// <summary>Answers every line with itself, and ends when the other side has.</summary>
    public static ScriptedEnclave Echo() => ScriptedEnclave.Start(async connection =>
    {
        while (await connection.ReadLineAsync() is { } line)
            await connection.SendAsync($"{line}\n");
    });
}
