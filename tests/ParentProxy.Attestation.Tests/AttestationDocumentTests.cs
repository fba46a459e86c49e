using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

public sealed class AttestationDocumentTests
{
    [Fact]
    public void TryRead_NoSignatureOfAnybody_SaysWhatItSays()
    {
        var document = new TestDocument { AfterSigning = _ => new byte[96] }.Remove("nonce");

        Assert.True(AttestationDocument.TryRead(document.Encode(), out var read, out var failure));

        Assert.Null(failure);
        Assert.Equal(TestPki.ModuleId, read.ModuleId);
        Assert.Null(read.Nonce);
        Assert.Null(read.UserData);
    }

    [Fact]
    public void TryRead_BadBytes_SaysWhy()
    {
        Assert.False(AttestationDocument.TryRead((byte[])[0xD2], out var document, out var failure));

        Assert.Null(document);
        Assert.Equal(AttestationReason.MalformedCbor, failure.Reason);
    }

    [Theory]
    [InlineData(true, true, true, true)]
    [InlineData(true, false, false, true)]
    [InlineData(false, true, true, false)]
    [InlineData(false, false, false, false)]
    public void IsDebug_IsToldByPcr0(bool zero0, bool zero1, bool zero2, bool isDebug)
    {
        var document = new TestDocument().SetPcrs(pcrs =>
        {
            foreach (var (index, isZero) in new[] { zero0, zero1, zero2 }.Index())
                pcrs[index] = isZero ? new byte[48] : pcrs[index];
        });

        Assert.True(AttestationDocument.TryRead(document.Encode(), out var read, out _));
        Assert.Equal(isDebug, read.IsDebug);
    }

    [Fact]
    public void TryDecode_Base64_GivesTheBytes()
    {
        var bytes = new TestDocument().Encode();

        string[] texts = [Convert.ToBase64String(bytes), Convert.ToBase64String(bytes, Base64FormattingOptions.InsertLineBreaks) + "\n"];
        foreach (var text in texts)
        {
            Assert.True(AttestationDocument.TryDecode(text, out var decoded, out var failure));
            Assert.Null(failure);
            Assert.Equal(bytes, decoded);
        }
    }

    [Theory]
    [InlineData("", "document-size")]
    [InlineData("hEShATgi-_==", "base64")] // the alphabet of URLs
    [InlineData("hEShATg", "base64")] // without padding
    [InlineData("hEShATg=x", "base64")]
    [InlineData("hESh\0ATg", "base64")]
    [InlineData("ｈEShATgi", "base64")]
    [InlineData("-----BEGIN CERTIFICATE-----", "base64")]
    public void TryDecode_SomethingElse_SaysWhy(string text, string code)
    {
        Assert.False(AttestationDocument.TryDecode(text, out var bytes, out var failure));

        Assert.Null(bytes);
        Assert.Equal(code, failure.Reason.Code());
    }

    [Fact]
    public void TryDecode_TooLong_SaysSo()
    {
        Assert.True(AttestationDocument.TryDecode(new string('A', AttestationDocument.MaxTextLength), out _, out _));
        Assert.False(AttestationDocument.TryDecode(new string('A', AttestationDocument.MaxTextLength + 1), out _, out var failure));
        Assert.Equal(AttestationReason.DocumentSize, failure.Reason);
    }

    /// <summary>It is base64 of nothing, which is then no document.</summary>
    [Fact]
    public void TryDecode_BlanksAlone_AreNoDocument()
    {
        Assert.True(AttestationDocument.TryDecode(" \r\n\t", out var bytes, out _));
        Assert.False(AttestationDocument.TryRead(bytes, out _, out var failure));
        Assert.Equal(AttestationReason.DocumentSize, failure.Reason);
    }
}
