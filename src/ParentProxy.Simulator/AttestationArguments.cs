using System.CommandLine;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator;

/// <summary>The part of the command line that is about attestation. Any of its options turns attestation on.</summary>
internal sealed class AttestationArguments
{
    private static readonly AttesterOptions Defaults = new();

    private readonly Option<bool> _on = new("--attestation") { Description = "Attest; each of the options below implies it." };

    private readonly Option<string> _listen = new("--attestation-listen")
    {
        Description = "Where the one-line JSON protocol listens; the same forms as --listen.",
        HelpName = "URI",
    };

    private readonly Option<string> _root = new("--attestation-root")
    {
        Description = "Write the certificate of the root there, in PEM.",
        HelpName = "FILE",
    };

    private readonly Option<string> _pki = new("--attestation-pki")
    {
        Description = "Take the root's certificate and key from there; if there is no such file, make it.",
        HelpName = "FILE",
    };

    private readonly Option<string> _image = new("--image")
    {
        Description = $"The name of the image that PCR0, 1 and 2 stand for (default: {Defaults.Image}).",
        HelpName = "NAME",
    };

    private readonly Option<bool> _debugImage = new("--debug-image") { Description = "Attest as in debug mode: PCR0, 1 and 2 are zero." };

    private readonly Option<string> _moduleId = new("--module-id")
    {
        Description = "The id of the enclave, i-…-enc… (default: a new one).",
        HelpName = "ID",
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_on);
        foreach (var option in Others)
            command.Options.Add(option);
    }

    /// <summary>How to attest; null: not at all.</summary>
    // A flag that was not given has a result all the same, an implicit one.
    public AttesterOptions? Read(ParseResult parsed) =>
        parsed.GetValue(_on) || Others.Any(option => parsed.GetResult(option) is { Implicit: false })
        ? new AttesterOptions
        {
            Listen = parsed.GetValue(_listen),
            Image = parsed.GetValue(_image) ?? Defaults.Image,
            DebugImage = parsed.GetValue(_debugImage),
            ModuleId = parsed.GetValue(_moduleId) ?? Defaults.ModuleId,
        }
        : null;

    /// <summary>Which files are read and written for it.</summary>
    public AttestationFiles ReadFiles(ParseResult parsed) => new(parsed.GetValue(_pki), parsed.GetValue(_root));

    private Option[] Others => [_listen, _root, _pki, _image, _debugImage, _moduleId];
}
