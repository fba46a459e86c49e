using System.Text.Json;

namespace ParentProxy.Tests.Hosting;

/// <summary>The settings of the runtime that the program brings along, in the program as it is started.</summary>
public sealed class RuntimeConfigurationTests
{
    [Theory]
    [InlineData("System.GC.Server", "False")]
    [InlineData("System.GC.Concurrent", "False")]
    [InlineData("System.Runtime.TieredCompilation.CallCountingDelayMs", "0")]
    [InlineData("System.Threading.ThreadPool.UnfairSemaphoreSpinLimit", "0")]
    [InlineData("System.Text.Json.JsonSerializer.IsReflectionEnabledByDefault", "False")]
    public void RuntimeConfiguration_OfTheProgram_HasTheSetting(string name, string value)
    {
        using var json = JsonDocument.Parse(File.ReadAllText(Path.Combine(ProgramFiles.BuildFolder, "parent-proxy.runtimeconfig.json")));

        Assert.Equal(value, json.RootElement.GetProperty("runtimeOptions").GetProperty("configProperties").GetProperty(name).ToString());
    }
}
