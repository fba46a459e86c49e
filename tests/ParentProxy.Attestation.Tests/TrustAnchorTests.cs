using System.Security.Cryptography;
using System.Text;
using ParentProxy.Attestation.Tests.Support;

namespace ParentProxy.Attestation.Tests;

public sealed class TrustAnchorTests
{
    /// <summary>As AWS publishes it: "Verifying the root of trust", AWS Nitro Enclaves user guide.</summary>
    [Fact]
    public void AwsG1_IsTheCertificateThatAwsPublishes()
    {
        Assert.Equal("641A0321A3E244EFE456463195D606317ED7CDCC3C1756E09893F3C68F79BB5B", TrustAnchor.AwsG1.Fingerprint);
        Assert.False(TrustAnchor.AwsG1.IsCustom);
        Assert.Equal("CN=aws.nitro-enclaves, OU=AWS, O=Amazon, C=US", TrustAnchor.AwsG1.Certificate.Subject);
    }

    [Fact]
    public void Load_AnotherRoot_IsCustom()
    {
        var der = TestPki.Valid.Certificates[0].Der;
        foreach (var bytes in new[] { der, Encoding.ASCII.GetBytes(PemEncoding.WriteString("CERTIFICATE", der)) })
        {
            var root = TrustAnchor.Load(bytes);
            Assert.True(root.IsCustom);
            Assert.Equal(Convert.ToHexString(SHA256.HashData(der)), root.Fingerprint);
        }
    }

    [Fact]
    public void Load_TheRootOfAws_IsNotCustom() => Assert.Same(TrustAnchor.AwsG1, TrustAnchor.Load(TrustAnchor.AwsG1.Certificate.RawData));

    [Theory]
    [InlineData("")]
    [InlineData("root.pem")]
    [InlineData("-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n")]
    [InlineData("-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n")]
    public void Load_NoCertificate_Throws(string text) =>
        Assert.ThrowsAny<CryptographicException>(() => TrustAnchor.Load(Encoding.UTF8.GetBytes(text)));
}
