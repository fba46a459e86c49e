namespace ParentProxy.Configuration;

/// <summary>How log events are written to the console.</summary>
internal enum LogFormat
{
    /// <summary>JSON under systemd, else text.</summary>
    Auto,

    /// <summary>One compact line an event.</summary>
    Text,

    /// <summary>One JSON object a line.</summary>
    Json,
}
