using ParentProxy.Inside.Application;
using ParentProxy.Inside.Logs;

namespace ParentProxy.Tests.Inside.Logs;

public sealed class OutputReaderTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Add_AfterItsEnd_ClosesThePipe(bool wasStarted)
    {
        var reader = new OutputReader(() => new LineCutter(256, new LineQueue(4096, _ => [])));
        using var first = OutputPipe.Create();
        if (wasStarted)
            reader.Add(first.TakeRead());
        reader.Dispose();
        using var late = OutputPipe.Create();

        reader.Add(late.Read);

        Assert.True(late.Read.IsClosed);
    }
}
