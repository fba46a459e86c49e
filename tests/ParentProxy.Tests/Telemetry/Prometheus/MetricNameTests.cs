using ParentProxy.Telemetry.Prometheus;

namespace ParentProxy.Tests.Telemetry.Prometheus;

public sealed class MetricNameTests
{
    [Theory]
    [InlineData("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds", "http_server_request_duration_seconds", "seconds")]
    [InlineData("kestrel.active_connections", "{connection}", "gauge", "kestrel_active_connections", "kestrel_active_connections", "")]
    [InlineData("parentproxy.requests", null, "counter", "parentproxy_requests_total", "parentproxy_requests", "")]
    [InlineData("parentproxy.requests_total", null, "counter", "parentproxy_requests_total", "parentproxy_requests", "")]
    [InlineData("dotnet.gc.pause.time", "s", "counter", "dotnet_gc_pause_time_seconds_total", "dotnet_gc_pause_time_seconds", "seconds")]
    [InlineData("io_bytes_total", "By", "counter", "io_bytes_total", "io_bytes", "bytes")]
    [InlineData("io_bytes", "By", "counter", "io_bytes_total", "io_bytes", "bytes")]
    [InlineData("io_total", "By", "counter", "io_bytes_total", "io_bytes", "bytes")]
    [InlineData("xbytes", "By", "gauge", "xbytes_bytes", "xbytes_bytes", "bytes")]
    [InlineData("bytes", "By", "gauge", "bytes", "bytes", "bytes")]
    [InlineData("total", null, "gauge", "total", "total", "")]
    [InlineData("some.share", "1", "gauge", "some_share", "some_share", "")]
    [InlineData("cpu.use", "%", "gauge", "cpu_use_percent", "cpu_use_percent", "percent")]
    [InlineData("a..b--c", "", "gauge", "a_b_c", "a_b_c", "")]
    [InlineData("a_.b", "", "gauge", "a_b", "a_b", "")]
    [InlineData("2xx.answers", "", "gauge", "_2xx_answers", "_2xx_answers", "")]
    [InlineData("ns:rule", "", "gauge", "ns:rule", "ns:rule", "")]
    [InlineData("größe", "", "gauge", "gr_e", "gr_e", "")]
    [InlineData("speed.", "m/s", "gauge", "speed_meters_per_second", "speed_meters_per_second", "meters_per_second")]
    public void Of_NameUnitAndType_AreThoseOfTheOfficialExporter(string name, string? unit, string type, string sample, string family, string word)
    {
        var named = MetricName.Of(name, unit ?? "", type);

        Assert.Equal((sample, family, word), (named.Sample, named.Family(ExpositionFormat.OpenMetrics), named.Unit));
        Assert.Equal(sample, named.Family(ExpositionFormat.Text));
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("1", "")]
    [InlineData("{request}", "")]
    [InlineData("s{wall}", "seconds")]
    [InlineData("ms", "milliseconds")]
    [InlineData("us", "microseconds")]
    [InlineData("ns", "nanoseconds")]
    [InlineData("min", "minutes")]
    [InlineData("h", "hours")]
    [InlineData("d", "days")]
    [InlineData("By", "bytes")]
    [InlineData("KiBy", "kibibytes")]
    [InlineData("MiBy", "mebibytes")]
    [InlineData("MBy", "megabytes")]
    [InlineData("Cel", "celsius")]
    [InlineData("Hz", "hertz")]
    [InlineData("By/s", "bytes_per_second")]
    [InlineData("{request}/s", "per_second")]
    [InlineData("1/m", "per_minute")]
    [InlineData("km/h", "km_per_hour")]
    [InlineData("a/", "a")]
    [InlineData("foot pound", "foot_pound")]
    [InlineData("{open", "open")]
    public void UnitOf_Ucum_IsAWord(string unit, string word) => Assert.Equal(word, MetricUnit.Of(unit));

    [Theory]
    [InlineData(0.005, "0.005")]
    [InlineData(0.00012, "0.00012")]
    [InlineData(0.00001, "1e-05")]
    [InlineData(1, "1.0")]
    [InlineData(2.5, "2.5")]
    [InlineData(900, "900.0")]
    [InlineData(123456, "123456.0")]
    [InlineData(1000000, "1e+06")]
    [InlineData(1234567, "1.234567e+06")]
    [InlineData(-0.25, "-0.25")]
    [InlineData(1e21, "1e+21")]
    [InlineData(1.5e-300, "1.5e-300")]
    [InlineData(0, "0.0")]
    [InlineData(double.PositiveInfinity, "+Inf")]
    [InlineData(double.NegativeInfinity, "-Inf")]
    [InlineData(double.NaN, "NaN")]
    public void CanonicalNumber_IsThatOfGo(double value, string text) => Assert.Equal(text, CanonicalNumber.Of(value));
}
