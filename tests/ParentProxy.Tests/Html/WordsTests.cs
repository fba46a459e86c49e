using ParentProxy.Html;

namespace ParentProxy.Tests.Html;

public sealed class WordsTests
{
    [Theory]
    [InlineData(-3, "0 s")]
    [InlineData(59.9, "59 s")]
    [InlineData(60, "1 min 0 s")]
    [InlineData(3599, "59 min 59 s")]
    [InlineData(3600, "1 h 0 min")]
    [InlineData(86399, "23 h 59 min")]
    [InlineData(260000, "3 d 0 h")]
    public void Age_HasTwoUnits(double seconds, string expected) => Assert.Equal(expected, Words.Age(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0.000_25, "0.25 ms")]
    [InlineData(0.012, "12 ms")]
    [InlineData(1.5, "1.5 s")]
    [InlineData(75, "1 min 15 s")]
    public void Duration_HasAboutThreeDigits(double seconds, string expected) =>
        Assert.Equal(expected, Words.Duration(TimeSpan.FromSeconds(seconds)));

    [Theory]
    [InlineData(0, "0 %")]
    [InlineData(0.000_001, "< 0.01 %")]
    [InlineData(0.0123, "1.23 %")]
    [InlineData(0.256, "25.6 %")]
    [InlineData(0.99, "99 %")]
    [InlineData(1, "100 %")]
    public void Percent_NothingThatHappenedReadsAsZero(double share, string expected) => Assert.Equal(expected, Words.Percent(share));

    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "0.98 KiB")]
    [InlineData(1536, "1.5 KiB")]
    [InlineData(10_230, "9.99 KiB")]
    [InlineData(10_238, "10 KiB")]
    [InlineData(52_428_800, "50 MiB")]
    [InlineData(209_715_200, "200 MiB")]
    [InlineData(1_073_741_000, "1 GiB")]
    [InlineData(long.MaxValue, "8192 PiB")]
    public void Bytes_HaveThreeDigits(long bytes, string expected) => Assert.Equal(expected, Words.Bytes(bytes));

    [Theory]
    [InlineData(0, "0")]
    [InlineData(0.05, "0.05")]
    [InlineData(12.34, "12.3")]
    [InlineData(12345, "12\u202f345")]
    public void Rate_HasAboutThreeDigits(double rate, string expected) => Assert.Equal(expected, Words.Rate(rate));
}
