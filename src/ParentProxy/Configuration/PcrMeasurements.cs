using System.Security.Cryptography;
using System.Text.Json;
using ParentProxy.Configuration.Reading;

namespace ParentProxy.Configuration;

/// <summary>
/// Measurements of an image as <c>nitro-cli build-enclave</c> prints them, for clients that verify an enclave. They are checked and
/// handed out as they are.
/// </summary>
internal sealed class PcrMeasurements
{
    private const int MaxBytes = 64 * 1024;

    /// <summary>Image, kernel and application: without one of them any image would do.</summary>
    private static readonly int[] Required = [0, 1, 2];

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
        var (bytes, reason) = SmallFile.Read(path, MaxBytes);
        reason ??= IsJson(bytes) ? null : $"{Quoted.Text(path)} is not JSON";
        if (reason is null)
        {
            (var measurements, reason) = MeasurementsFile.Parse(bytes);
            reason = reason is not null ? $"{Quoted.Text(path)} {reason}"
                : Required.Except(measurements.Keys).Select(index => $"PCR{index}").FirstOrDefault() is { } missing
                    ? $"{Quoted.Text(path)} has no {missing}; take the output of 'nitro-cli build-enclave'"
                    : null;
        }

        if (reason is null)
            return new PcrMeasurements(bytes);
        report.Problem(location, reason);
        return null;
    }

    // What nitro-cli prints before it, clients could not read.
    private static bool IsJson(byte[] bytes)
    {
        try
        {
            using var json = JsonDocument.Parse(bytes);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }
}
