using ParentProxy.Html;

namespace ParentProxy.Tests.Html;

public sealed class BreaksTests
{
    [Theory]
    [InlineData("vsock://16:6300", "vsock://16:6300")]
    [InlineData("tcp://keymeld-enclave-0:5000", "tcp://|keymeld-|enclave-|0:5000")]
    [InlineData("tcp://ip-10-0-0-12.compute.internal:5000", "tcp://|ip-|10-|0-|0-|12.|compute.|internal:5000")]
    [InlineData("unix:/run/enclaves/proof-server/app.sock", "unix:/|run/|enclaves/|proof-|server/|app.|sock")]
    [InlineData("tcp://[fe80::1234:5678:9abc:def0]:5000", "tcp://|[fe80::|1234:|5678:|9abc:|def0]:5000")]
    [InlineData("took 1.25 ms, not 2.5 s: see Health:Probe:Path", "took 1.25 ms, not 2.5 s: see Health:Probe:Path")]
    [InlineData("no answer of tcp://keymeld-enclave-0:5000 in 2.5 s", "no answer of tcp://|keymeld-|enclave-|0:5000 in 2.5 s")]
    [InlineData("averyveryverylongnamewithoutanydivision", "averyveryverylongnamewithoutanydivision")]
    [InlineData("a-name-that-ends-with-a-hyphen-", "a-|name-|that-|ends-|with-|a-|hyphen-")]
    [InlineData("", "")]
    public void In_LongWord_MayBreakBehindWhatDividesItsParts(string text, string expected)
    {
        var html = new HtmlWriter();
        html.Add($"{Breaks.In(text)}");
        Assert.Equal(expected.Replace("|", "<wbr>", StringComparison.Ordinal), html.ToString());
    }
}
