using System.Security.Cryptography;
using System.Text.Json;
using ParentProxy.Attestation;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>
/// Measurements of an image as <c>nitro-cli build-enclave</c> prints them, for clients that verify an enclave. They are checked and
/// handed out as they are.
/// </summary>
/// <remarks>
/// Clients look for the names as nitro-cli writes them and skip what they do not know, so notes may stand beside them. In a
/// <see cref="MeasurementsFile"/>, which pins, a name that nobody knows is a mistake, since it would pin nothing.
/// </remarks>
internal sealed class PcrMeasurements
{
    private const int MaxBytes = 64 * 1024;

    private const string Wrapper = "Measurements";
    private const string Prefix = "PCR";

    /// <summary>Image, kernel and application: without one of them any image would do.</summary>
    private static readonly string[] Required = ["PCR0", "PCR1", "PCR2"];

    // Of two values with one name each client takes another one.
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false };

    private PcrMeasurements(byte[] json)
    {
        Json = json;
        EntityTag = $"\"{Convert.ToHexStringLower(SHA256.HashData(json))}\"";
    }

    /// <summary>The file byte for byte.</summary>
    public ReadOnlyMemory<byte> Json { get; }

    /// <summary>Tells this content from every other (RFC 9110 §8.8.3), in quotes.</summary>
    public string EntityTag { get; }

    /// <summary>Reads a file; null when something is wrong with it, which is reported.</summary>
    /// <param name="path">The file.</param>
    /// <param name="location">Where its name was written.</param>
    /// <param name="report">Takes the mistakes.</param>
    public static PcrMeasurements? Read(string path, string location, ConfigurationReport report)
    {
        var problems = report.Problems.Count;
        var (bytes, reason) = SmallFile.Read(path, MaxBytes);
        if (reason is not null)
            report.Problem(location, reason);
        else
            Check(path, bytes, location, report);
        return report.Problems.Count == problems ? new PcrMeasurements(bytes) : null;
    }

    private static void Check(string path, byte[] bytes, string location, ConfigurationReport report)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes, Strict);
            var measurements = json.RootElement;
            if (measurements.ValueKind == JsonValueKind.Object && measurements.TryGetProperty(Wrapper, out var inner))
                measurements = inner;
            if (measurements.ValueKind != JsonValueKind.Object)
            {
                report.Problem(location, $"{Quoted.Text(path)} holds no object with {Prefix}0 and so on");
                return;
            }

            foreach (var name in Required.Where(name => !measurements.TryGetProperty(name, out _)))
                report.Problem(location, $"{Quoted.Text(path)} has no {name}; it is what 'nitro-cli build-enclave' prints");
            foreach (var pcr in measurements.EnumerateObject().Where(pcr => pcr.Name.StartsWith(Prefix, StringComparison.Ordinal)))
            {
                var text = pcr.Value.ValueKind == JsonValueKind.String ? pcr.Value.GetString()! : pcr.Value.GetRawText();
                if (PcrPins.CheckValue(PcrName.IndexOf(pcr.Name) ?? PcrName.Last, text) is { } wrong)
                    report.Problem(location, $"{Quoted.Text(path)}: {pcr.Name} {Quoted.Text(text)} is {wrong}");
            }
        }
        catch (InvalidOperationException)
        {
            report.Problem(location, $"{Quoted.Text(path)} holds half a surrogate pair, which is no text");
        }
        catch (JsonException e)
        {
            report.Problem(location, $"{Quoted.Text(path)} is not JSON: {e.Message}");
        }
    }
}
