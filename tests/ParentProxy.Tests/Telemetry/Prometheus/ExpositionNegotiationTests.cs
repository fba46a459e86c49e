using Microsoft.AspNetCore.Http;
using ParentProxy.Telemetry.Prometheus;

namespace ParentProxy.Tests.Telemetry.Prometheus;

public sealed class ExpositionNegotiationTests
{
    [Theory]
    [InlineData(null, nameof(ExpositionFormat.Text))]
    [InlineData("*/*", nameof(ExpositionFormat.Text))]
    [InlineData("text/html,application/xhtml+xml,*/*;q=0.8", nameof(ExpositionFormat.Text))]
    [InlineData("text/plain", nameof(ExpositionFormat.Text))]
    [InlineData("application/openmetrics-text", nameof(ExpositionFormat.OpenMetrics))]
    [InlineData("Application/OpenMetrics-Text; Version=\"1.0.0\"", nameof(ExpositionFormat.OpenMetrics))]
    [InlineData("application/openmetrics-text;version=0.0.1", nameof(ExpositionFormat.Text))]
    [InlineData("application/openmetrics-text;version=2.0.0,text/plain", nameof(ExpositionFormat.Text))]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0", nameof(ExpositionFormat.Text))]
    [InlineData("application/openmetrics-text;version=1.0.0;q=0.3,text/plain;version=0.0.4;q=0.5", nameof(ExpositionFormat.Text))]
    [InlineData("text/plain;version=0.0.4;q=0.3,application/openmetrics-text;q=0.5", nameof(ExpositionFormat.OpenMetrics))]
    [InlineData("text/plain,application/openmetrics-text", nameof(ExpositionFormat.Text))]
    [InlineData("application/openmetrics-text,text/plain", nameof(ExpositionFormat.OpenMetrics))]
    [InlineData(";;;", nameof(ExpositionFormat.Text))]
    // Prometheus 2.42 and 3
    [InlineData("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", nameof(ExpositionFormat.OpenMetrics))]
    [InlineData("application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2", nameof(ExpositionFormat.OpenMetrics))]
    public void Format_OfAccept_IsTheBestThatWeHave(string? accept, string format) =>
        Assert.Equal(Enum.Parse<ExpositionFormat>(format), ExpositionNegotiation.Format(Request("Accept", accept)));

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("br", false)]
    [InlineData("gzip", true)]
    [InlineData("GZIP;q=0.1", true)]
    [InlineData("gzip;q=0", false)]
    [InlineData("deflate, gzip;q=1.0, *;q=0.5", true)]
    public void AcceptsGzip_OfAcceptEncoding(string? accepted, bool gzip) =>
        Assert.Equal(gzip, ExpositionNegotiation.AcceptsGzip(Request("Accept-Encoding", accepted)));

    private static HttpRequest Request(string name, string? value)
    {
        var request = new DefaultHttpContext().Request;
        if (value is not null)
            request.Headers[name] = value;
        return request;
    }
}
