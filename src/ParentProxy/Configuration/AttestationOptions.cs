using System.Text.Json.Serialization;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>Section <c>Attestation</c>: what clients and operators are told of the images of enclaves.</summary>
internal sealed record AttestationOptions
{
    /// <summary>The file that is served as <c>/.well-known/pcr-measurements.json</c>; null: the request goes to an enclave.</summary>
    public string? MeasurementsFile { get; init; }

    /// <summary>What <see cref="MeasurementsFile"/> holds; null without one.</summary>
    [JsonIgnore]
    public PcrMeasurements? Measurements { get; init; }

    public static AttestationOptions Read(SectionReader section)
    {
        var defaults = new AttestationOptions();
        var file = section.Optional(defaults.MeasurementsFile, Values.OptionalFilePath);
        return new AttestationOptions
        {
            MeasurementsFile = file,
            Measurements = file is null
                ? null
                : PcrMeasurements.Read(file, section.Ask(nameof(MeasurementsFile)).Location, section.Report),
        };
    }
}
