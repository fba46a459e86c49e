using System.Buffers;
using System.Globalization;
using System.Text.Json;
using ParentProxy.Inside.Application;

namespace ParentProxy.Inside.Status;

/// <summary>What <c>/health</c> says of the application.</summary>
internal static class InsideHealth
{
    /// <summary>Why the application does not serve, as a sentence; null while it does, and where there is none to start.</summary>
    /// <param name="application">Its state.</param>
    /// <param name="time">The clock, for how long it has been so.</param>
    public static string? Complaint(ApplicationStatus? application, TimeProvider time)
    {
        if (application is null or { State: ApplicationState.Ready })
            return null;
        var since = string.Create(CultureInfo.InvariantCulture, $"{time.GetElapsedTime(application.Since).TotalSeconds:0.#} s");
        var before = application.LastExit is { } exit ? $"; the last one ended with {exit}" : "";
        return application.State switch
        {
            ApplicationState.Starting => $"The application was started {since} ago and does not serve yet{before}.",
            ApplicationState.Down => $"The application has ended {since} ago and will be started again{before}.",
            ApplicationState.Stopping => $"The application was told to stop {since} ago.",
            _ => $"The application has ended {since} ago{before}.",
        };
    }

    /// <summary>The body: <c>{"status":"healthy"}</c>, or a problem document (RFC 9457).</summary>
    public static ReadOnlyMemory<byte> Body(string? complaint, ApplicationStatus? application, TimeProvider time)
    {
        var body = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body);
        json.WriteStartObject();
        if (complaint is null)
        {
            json.WriteString("status", "healthy");
        }
        else
        {
            json.WriteString("title", "The application does not serve");
            json.WriteNumber("status", 503);
            json.WriteString("detail", complaint);
        }

        if (application is not null)
        {
            json.WriteString("application", JsonNamingPolicy.CamelCase.ConvertName(application.State.ToString()));
            json.WriteString("since", (time.GetUtcNow() - time.GetElapsedTime(application.Since)).UtcDateTime);
            json.WriteNumber("restarts", application.Restarts);
        }

        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
