using System.Text;
using ParentProxy.Inside.Clock;

namespace ParentProxy.Tests.Inside.Clock;

public sealed class ParentTimeTests
{
    [Fact]
    public void TryParse_ALineOfTheParent_IsRead()
    {
        var line = "2026-11-29T20:23:24.103787Z error=0.000250 synchronized=true leap=none source=kernel\n";

        Assert.True(ParentTime.TryParse(Encoding.ASCII.GetBytes(line), out var time));
        Assert.Equal(new DateTime(2026, 11, 29, 20, 23, 24, DateTimeKind.Utc).AddMicroseconds(103787), time.Utc);
        Assert.Equal((DateTimeKind.Utc, 250, true), (time.Utc.Kind, time.Error.TotalMicroseconds, time.IsSynchronized));
    }

    [Theory]
    [InlineData("")]
    [InlineData("2026-11-29T20:23:24.103787Z")]
    [InlineData("2026-11-29T20:23:24.103787Z error=0.000250")]
    [InlineData("2026-11-29T20:23:24.103787Z error=-1 synchronized=true")]
    [InlineData("2026-11-29T20:23:24.103787Z error=NaN synchronized=true")]
    [InlineData("2026-11-29T20:23:24.103787Z error=99999999999999 synchronized=true")]
    [InlineData("2026-11-29T20:23:24.103787Z error=0 synchronized=1")]
    [InlineData("2026-11-29T20:23:24.103787 error=0 synchronized=true")]
    [InlineData("2026-13-29T20:23:24.103787Z error=0 synchronized=true")]
    public void TryParse_SomethingElse_IsNot(string line) => Assert.False(ParentTime.TryParse(Encoding.ASCII.GetBytes(line), out _));
}
