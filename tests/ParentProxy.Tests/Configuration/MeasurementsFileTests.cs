using System.Text;
using ParentProxy.Configuration;
using ParentProxy.Tests.Support;

namespace ParentProxy.Tests.Configuration;

/// <summary>Measurements of an image, as tools print them.</summary>
public sealed class MeasurementsFileTests
{
    private const string A = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    private const string Zero = "000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000000";
    private const string Build = """{"Measurements":{"HashAlgorithm":"Sha384 { ... }","PCR0":"A","PCR1":"A","PCR8":"A"}}""";

    [Theory]
    [InlineData(Build)]
    [InlineData("Start building the Enclave Image...\nUsing the locally available Docker image...\n" + Build + "\n")]
    [InlineData("{ \"step\": 1 }\n[Warning] none\n{\n  \"Measurements\": {\n    \"PCR0\": \"A\",\n    \"PCR1\": \"A\", \"PCR8\": \"A\"\n  }\n}\n")]
    [InlineData("""{"EifVersion":4,"Measurements":{"HashAlgorithm":"Sha384 { ... }","PCR0":"A","PCR1":"A","PCR8":"A"},"IsSigned":true}""")]
    [InlineData("""{"PCR0":"A","PCR1":"A","PCR8":"A"}""")]
    [InlineData("""{"HashAlgorithm":"Sha384","pcr0":"A","pcr1":"A","pcr8":"A"}""")]
    public void Parse_OfABuildOrPins_IsTheMeasurements(string text)
    {
        var (measurements, reason) = Parse(text.Replace("\"A\"", $"\"{A.ToUpperInvariant()}\"", StringComparison.Ordinal));

        Assert.Null(reason);
        Assert.Equal([(0, A), (1, A), (8, A)], measurements.Select(pcr => (pcr.Key, pcr.Value)));
    }

    [Theory]
    [InlineData("", "holds no JSON")]
    [InlineData("PCR0: A", "holds no JSON")]
    [InlineData("[]", "is the output of 'nitro-cli describe-enclaves'")]
    [InlineData("""[{"EnclaveName":"a","State":"RUNNING","Flags":"DEBUG_MODE","Measurements":{"PCR0":"A"}}]""", "the same in debug mode")]
    [InlineData("""{"EnclaveID":"i-enc","State":"RUNNING","Measurements":{"PCR0":"A"}}""", "is the output of 'nitro-cli describe-enclaves'")]
    [InlineData("""{"Flags":"NONE","Measurements":{"PCR0":"A"}}""", "is the output of 'nitro-cli describe-enclaves'")]
    [InlineData("17", "is no JSON object")]
    [InlineData("{}", "has no measurements")]
    [InlineData("""{"Measurements":[]}""", "has Measurements that are no object")]
    [InlineData("""{"Measurements":{"HashAlgorithm":"Sha384"}}""", "has no measurements")]
    [InlineData("""{"Measurements":{"HashAlgorithm":"Sha256 { ... }","PCR0":"A"}}""", "has another HashAlgorithm than Sha384")]
    [InlineData("""{"PRC0":"A"}""", "has 'PRC0' where only PCR0 to PCR31 may be")]
    [InlineData("""{"PCR32":"A"}""", "has 'PCR32' where only PCR0 to PCR31 may be")]
    [InlineData("""{"PCR-1":"A"}""", "has 'PCR-1' where only PCR0 to PCR31 may be")]
    [InlineData("""{"PCR0":"A","pcr0":"A"}""", "has PCR0 twice")]
    [InlineData("""{"PCR0":"A","PCR0":"A"}""", "holds no JSON")]
    [InlineData("""{"PCR0":17}""", "has a PCR0 that is no text")]
    [InlineData("""{"PCR0":""}""", "has a PCR0 that is not 96 hex digits")]
    [InlineData("""{"PCR0":"\ud800"}""", "half a surrogate pair")]
    [InlineData("""{"PCR0":"Zero"}""", "has a PCR0 that is all zero")]
    public void Parse_OfAnythingElse_SaysWhy(string text, string said)
    {
        var (_, reason) = Parse(text.Replace("\"A\"", $"\"{A}\"", StringComparison.Ordinal).Replace("Zero", Zero, StringComparison.Ordinal));

        Assert.Contains(said, reason, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_OfNoFile_NamesIt()
    {
        using var folder = new TemporaryDirectory();

        Assert.Equal(
            $"there is no file '{folder.File("absent")}' (ENOENT)", MeasurementsFile.Read(folder.File("absent")).Reason);
        Assert.Contains("is a folder", MeasurementsFile.Read(folder.Root).Reason, StringComparison.Ordinal);
    }

    private static (IReadOnlyDictionary<int, string> Measurements, string? Reason) Parse(string text)
    {
        var (measurements, reason) = MeasurementsFile.Parse(Encoding.UTF8.GetBytes(text));
        return (measurements, reason);
    }
}
