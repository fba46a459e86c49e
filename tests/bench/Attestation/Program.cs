using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using ParentProxy.Attestation;
using ParentProxy.Attestation.Tests.Support;

// Prints the CPU of one verification: of a chain that was seen, of a new one, and of a signature on P-384 alone; then the memory
// before and after ten thousand. With a folder, leaves a document and its root there, for others to verify.
const int Rounds = 7;
var (document, policy) = (new TestDocument().Encode(), Policies.Pinned);
if (args is [var folder])
{
    File.WriteAllBytes(Path.Combine(folder, "document.cbor"), document);
    File.WriteAllBytes(Path.Combine(folder, "root.der"), TestPki.Valid.CaBundle[0]);
    File.WriteAllText(Path.Combine(folder, "now"), TestPki.Now.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture));
}

var (data, key) = (new byte[4000], TestPki.Valid.Leaf.Key);
var signature = key.SignData(data, HashAlgorithmName.SHA384);
var seasoned = new AttestationVerifier(TimeProvider.System);
(string Name, int Times, Action Run)[] subjects =
[
    ("a signature on P-384 alone", 200, () => Must(key.VerifyData(data, signature, HashAlgorithmName.SHA384))),
    ("a document, its chain seen before", 200, () => Verify(seasoned)),
    ("a document, its chain new", 40, () => Verify(new AttestationVerifier(TimeProvider.System))),
];

// They take turns, so that what else the machine does hits all alike; the first round is not counted.
var figures = subjects.Select(_ => new List<double>()).ToArray();
for (var round = 0; round <= Rounds; round++)
{
    foreach (var (i, (_, times, run)) in subjects.Index())
    {
        var before = Cpu();
        for (var n = 0; n < times; n++)
            run();
        if (round > 0)
            figures[i].Add((Cpu() - before).TotalMilliseconds / times);
    }
}

var alone = Median(figures[0]);
foreach (var (i, (name, _, _)) in subjects.Index())
{
    var median = Median(figures[i]);
    Write($"{name,-36} {median,7:F3} ms CPU {median / alone,6:F2} of a signature   {figures[i].Min():F3} - {figures[i].Max():F3}");
}

var resident = Resident();
for (var n = 0; n < 10_000; n++)
    Verify(seasoned);
Write($"10,000 verifications                 {resident / 1024.0 / 1024:F1} MiB resident before, {Resident() / 1024.0 / 1024:F1} after");

static TimeSpan Cpu()
{
    using var self = Process.GetCurrentProcess();
    return self.TotalProcessorTime;
}

static long Resident()
{
    using var self = Process.GetCurrentProcess();
    return self.WorkingSet64;
}

static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);

static void Must(bool holds)
{
    if (!holds)
        throw new InvalidOperationException("it does not hold");
}

static void Write(FormattableString line) => Console.WriteLine(line.ToString(CultureInfo.InvariantCulture));

void Verify(AttestationVerifier verifier) => Must(verifier.VerifyAt(document, policy, TestPki.Now).Verdict == AttestationVerdict.Verified);
