using ParentProxy.Fuzz;
using ParentProxy.Fuzz.Attestation;

if (FuzzOptions.Parse(args) is not { } options)
{
    Console.Error.WriteLine("usage: tests/fuzz/run [--input responses|attestation] [--minutes N] [--seed S] [--replay CASE]");
    return 2;
}

if (options.Input == FuzzInput.Attestation)
{
    var originals = Originals.All();
    return FuzzLoop.Run(options, new DocumentSource(options.Seed, originals), [new VerifierTarget(new Oracle(originals))]);
}

return FuzzLoop.Run(options, new CaseSource(options.Seed), [new ParserTarget(), new ConnectionTarget()]);
