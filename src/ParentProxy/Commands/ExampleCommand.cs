using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;

namespace ParentProxy.Commands;

/// <summary>A command whose help ends with examples.</summary>
/// <param name="name">Its name.</param>
/// <param name="description">What it does, in a line or two.</param>
/// <param name="examples">Whole command lines.</param>
internal sealed class ExampleCommand(string name, string description, params string[] examples) : Command(name, description)
{
    /// <summary>Has the help of all such commands end with their examples.</summary>
    public static void AddToHelp(RootCommand root)
    {
        foreach (var help in root.Options.OfType<HelpOption>())
        {
            if (help.Action is HelpAction inner)
                help.Action = new HelpWithExamples(inner);
        }
    }

    private sealed class HelpWithExamples(HelpAction inner) : SynchronousCommandLineAction
    {
        // As the action that it takes the place of: what is missing beside --help is no mistake.
        public override bool ClearsParseErrors => true;

        public override int Invoke(ParseResult parseResult)
        {
            var code = inner.Invoke(parseResult);
            if (parseResult.CommandResult.Command is not ExampleCommand { Examples.Length: > 0 } command)
                return code;
            var output = parseResult.InvocationConfiguration.Output;
            output.WriteLine("Examples:");
            foreach (var example in command.Examples)
                output.WriteLine($"  {example}");
            output.WriteLine();
            return code;
        }
    }

    private string[] Examples { get; } = examples;
}
