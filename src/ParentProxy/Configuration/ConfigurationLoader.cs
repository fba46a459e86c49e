namespace ParentProxy.Configuration;

/// <summary>Reads all sources, merges them in order and validates the result.</summary>
internal static class ConfigurationLoader
{
    /// <summary>Reads the configuration. Never throws for what an operator wrote.</summary>
    public static ConfigurationResult Load(ConfigurationSources sources) => throw new NotImplementedException();
}
