using ParentProxy.Attestation;
using ParentProxy.Configuration;
using ParentProxy.Simulator.Attestation;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>A reload that changes nothing of the section is none: it must not ask or judge any enclave anew.</summary>
public sealed class AttestationOptionsTests : IDisposable
{
    private readonly TemporaryDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public void Equals_ReadTwice_IsTheSame()
    {
        var (root, pins, published) = (_directory.File("root.pem"), _directory.File("pins.json"), _directory.File("published.json"));
        File.WriteAllText(root, SimulatedPki.Create().RootPem);
        File.WriteAllText(pins, Measurements('a'));
        File.WriteAllText(published, Measurements('b'));
        var configuration = $$"""
            "Attestation": {
              "Mode": "observe", "Pointer": "/a/0", "Root": "{{root}}", "PcrsFrom": [ "{{pins}}" ],
              "Pcrs": {
                "PCR0": [ "{{new string('c', 96)}}", "{{new string('d', 96)}}" ],
                "1": "{{new string('e', 96)}}",
                "PCR2": "{{new string('f', 96)}}"
              },
              "MeasurementsFile": "{{published}}"
            }
            """;

        var (first, second) = (Read(configuration), Read(configuration));
        Assert.NotSame(first, second);
        Assert.Equal(first, second);
        Assert.Equal(first.GetHashCode(), second.GetHashCode());
        Assert.Equal(first, Read(configuration.Replace("\"PCR0\"", "\"0\"", StringComparison.Ordinal)));

        // By what is in the files, not by their names.
        File.WriteAllText(pins, Measurements('a', 'b'));
        Assert.NotEqual(first, Read(configuration));
        File.WriteAllText(pins, Measurements('a'));
        File.WriteAllText(published, Measurements('c'));
        Assert.NotEqual(first, Read(configuration));
        File.WriteAllText(published, Measurements('b'));
        File.WriteAllText(root, SimulatedPki.Create().RootPem);
        Assert.NotEqual(first, Read(configuration));
    }

    public static TheoryData<string> Changes =>
    [
        "\"Mode\": \"observe\"", "\"Protocol\": \"https\"", "\"Path\": \"/other\"", "\"Pointer\": \"/other\"", "\"Port\": 1",
        "\"Interval\": \"00:00:59\"", "\"MaxAge\": \"00:04:59\"", "\"Timeout\": \"00:00:09\"", "\"AllowDebug\": true",
        $"\"Pcrs\": {{ \"PCR3\": \"{new string('a', 96)}\" }}",
    ];

    [Theory]
    [MemberData(nameof(Changes))]
    public void Equals_OneKeyDiffers_IsAnother(string change) =>
        Assert.NotEqual(new AttestationOptions(), Read($"\"Attestation\": {{ {change} }}"));

    /// <summary>Whoever adds a property has to say whether it counts.</summary>
    [Fact]
    public void Equals_KnowsEveryProperty() => Assert.Equal(
        [
            "AllowDebug", "Interval", "MaxAge", "Measurements", "MeasurementsFile", "Mode", "Path", "Pcrs", "PcrsFrom", "Pointer",
            "Policy", "Port", "Protocol", "Root", "Timeout",
        ],
        typeof(AttestationOptions).GetProperties().Select(property => property.Name).Order(StringComparer.Ordinal));

    [Fact]
    public void Pins_InAnotherOrder_AreTheSame()
    {
        var (a, b) = (new string('a', 96), new string('B', 96));

        Assert.Equal(PcrPins.Create([new(0, [a, b])]), PcrPins.Create([new(0, [b.ToLowerInvariant(), a])]));
        Assert.NotEqual(PcrPins.Create([new(0, [a, b])]), PcrPins.Create([new(0, [a])]));
        Assert.NotEqual(PcrPins.Create([new(0, [a])]), PcrPins.Create([new(1, [a])]));
        Assert.NotEqual(PcrPins.Create([new(0, [a])]), PcrPins.None);
    }

    private static AttestationOptions Read(string section) =>
        TestConfiguration.Accept(TestConfiguration.WithEnclave(section)).Attestation;

    private static string Measurements(params char[] digits) =>
        $$"""{"PCR0":"{{new string(digits[0], 96)}}","PCR1":"{{new string(digits[^1], 96)}}","PCR2":"{{new string(digits[^1], 96)}}"}""";
}
