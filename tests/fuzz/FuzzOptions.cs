using System.Globalization;

namespace ParentProxy.Fuzz;

/// <summary>What the command line asks for.</summary>
/// <param name="Input">What is mutated.</param>
/// <param name="Minutes">How long to go on.</param>
/// <param name="Seed">Decides all cases.</param>
/// <param name="Replay">The only case to run, or null.</param>
internal sealed record FuzzOptions(FuzzInput Input, double Minutes, int Seed, long? Replay)
{
    /// <summary>Reads pairs of a name and a value; null when there is anything else.</summary>
    public static FuzzOptions? Parse(ReadOnlySpan<string> arguments)
    {
        var options = new FuzzOptions(FuzzInput.Responses, 1, Random.Shared.Next(), null);
        for (; arguments.Length >= 2; arguments = arguments[2..])
        {
            var value = arguments[1];
            if (arguments[0] == "--input" && Enum.TryParse<FuzzInput>(value, ignoreCase: true, out var input) && Enum.IsDefined(input))
                options = options with { Input = input };
            else if (arguments[0] == "--minutes" && double.TryParse(value, CultureInfo.InvariantCulture, out var minutes))
                options = options with { Minutes = minutes };
            else if (arguments[0] == "--seed" && int.TryParse(value, CultureInfo.InvariantCulture, out var seed))
                options = options with { Seed = seed };
            else if (arguments[0] == "--replay" && long.TryParse(value, CultureInfo.InvariantCulture, out var replay))
                options = options with { Replay = replay };
            else
                return null;
        }

        return arguments.IsEmpty ? options : null;
    }
}
