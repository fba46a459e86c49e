using System.Text;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

public sealed class PcrMeasurementsTests : IDisposable
{
    private static readonly string Pcr = new('a', 96);

    private readonly TemporaryDirectory _directory = new();

    private string FileName => _directory.File("pcrs.json");

    public void Dispose() => _directory.Dispose();

    [Theory]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":"*"}""")]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":"*","PCR8":"*","Note":"ours"}""")]
    [InlineData("""{ "Measurements": { "HashAlgorithm": "Sha384 { ... }", "PCR0": "*", "PCR1": "*", "PCR2": "*" } }""")]
    public void File_AsItIsPrinted_IsKeptByteForByte(string json)
    {
        json = json.Replace("*", Pcr, StringComparison.Ordinal) + "\n";
        File.WriteAllText(FileName, json);

        var measurements = TestConfiguration.Accept(Configuration()).Attestation.Measurements!;

        Assert.Equal(json, Encoding.UTF8.GetString(measurements.Json.Span));
        Assert.Matches("^\"[0-9a-f]{64}\"$", measurements.EntityTag);
    }

    [Fact]
    public void File_NotNamed_IsNone() =>
        Assert.Null(TestConfiguration.Accept(TestConfiguration.WithEnclave(""" "Attestation": {} """)).Attestation.Measurements);

    [Theory]
    [InlineData("", "is not JSON: ")]
    [InlineData("PCR0: a", "is not JSON: ")]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":"*",}""", "is not JSON: ")]
    [InlineData("""{"PCR0":"*","PCR0":"*","PCR1":"*","PCR2":"*"}""", "is not JSON: ")]
    [InlineData("""[ "*" ]""", "holds no object")]
    [InlineData("""{"Measurements":"*"}""", "holds no object")]
    [InlineData("""{"PCR0":"*","PCR2":"*"}""", "has no PCR1; it is what 'nitro-cli build-enclave' prints")]
    [InlineData("""{"pcr0":"*","PCR1":"*","PCR2":"*"}""", "has no PCR0;")]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":"*0"}""", "PCR2 '")]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":null}""", "PCR2 'null' is not 96 hex digits")]
    [InlineData("""{"PCR0":"*","PCR1":"*","PCR2":"*","PCR8":"g"}""", "PCR8 'g' is not 96 hex digits")]
    public void File_Wrong_IsAMistakeOfItsKey(string json, string reason)
    {
        File.WriteAllText(FileName, json.Replace("*", Pcr, StringComparison.Ordinal));

        var problem = Assert.Single(TestConfiguration.Refuse(Configuration()));

        Assert.StartsWith($"Attestation:MeasurementsFile: '{FileName}'", problem, StringComparison.Ordinal);
        Assert.Contains(reason, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void File_SeveralMissing_NamesEachOfThem()
    {
        File.WriteAllText(FileName, "{}");

        Assert.Equal(3, TestConfiguration.Refuse(Configuration()).Length);
    }

    [Fact]
    public void File_Missing_IsNamedWithItsErrno() =>
        Assert.Equal(
            $"Attestation:MeasurementsFile: there is no file '{FileName}' (ENOENT)",
            Assert.Single(TestConfiguration.Refuse(Configuration())));

    [Theory]
    [InlineData(65_536, true)]
    [InlineData(65_537, false)]
    public void File_AtAndAboveTheLimit_IsTakenOrRefused(int bytes, bool taken)
    {
        File.WriteAllText(FileName, $$"""{"PCR0":"{{Pcr}}","PCR1":"{{Pcr}}","PCR2":"{{Pcr}}"}""".PadRight(bytes));

        if (taken)
            TestConfiguration.Accept(Configuration());
        else
            Assert.Contains("65537 bytes, of at most 65536", Assert.Single(TestConfiguration.Refuse(Configuration())), StringComparison.Ordinal);
    }

    private string Configuration() =>
        TestConfiguration.WithEnclave($$""" "Attestation": { "MeasurementsFile": "{{FileName}}" } """);
}
