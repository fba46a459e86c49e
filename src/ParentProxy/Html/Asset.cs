namespace ParentProxy.Html;

/// <summary>A file that is part of the program and goes into the page as it is.</summary>
internal readonly record struct Asset(string Text);
