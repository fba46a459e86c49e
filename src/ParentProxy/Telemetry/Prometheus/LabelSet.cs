using System.Buffers;

namespace ParentProxy.Telemetry.Prometheus;

/// <summary>The labels of one series. It is filled again for the next one, so that a scrape makes no objects of them.</summary>
internal sealed class LabelSet
{
    /// <summary>Names of labels come from code, not from clients; this is for the one place that forgets it.</summary>
    private const int MaxNames = 4096;

    private readonly Dictionary<string, string> _names = [];
    private readonly List<Label> _labels = [];

    /// <summary>Starts over.</summary>
    public void Clear() => _labels.Clear();

    /// <summary>Adds a label by the name that it has in OpenTelemetry.</summary>
    public void Add(string name, object? value) => _labels.Add(new Label(NameOf(name), name, value));

    /// <summary>Adds a label, unless its name is one that the format keeps for itself.</summary>
    public void AddUnless(string reserved, string name, object? value)
    {
        if (NameOf(name) != reserved)
            Add(name, value);
    }

    /// <summary>Writes <c>a="1",b="2"</c>.</summary>
    public void WriteTo(ArrayBufferWriter<byte> to)
    {
        for (var i = 0; i < _labels.Count; i++)
        {
            var name = _labels[i].Name;
            if (IndexOf(name, 0) < i)
                continue;
            if (i > 0)
                to.Write(","u8);
            to.Text(name);
            to.Write("=\""u8);
            if (IndexOf(name, i + 1) < 0)
                to.LabelValue(_labels[i].Value);
            else
                WriteMerged(to, name);
            to.Write("\""u8);
        }
    }

    // Two names have become one: a label twice would make the whole scrape invalid.
    private void WriteMerged(ArrayBufferWriter<byte> to, string name)
    {
        var isFirst = true;
        foreach (var label in _labels.Where(label => label.Name == name).OrderBy(label => label.Original, StringComparer.Ordinal))
        {
            if (!isFirst)
                to.Write(";"u8);
            to.LabelValue(label.Value);
            isFirst = false;
        }
    }

    private int IndexOf(string name, int from)
    {
        for (var i = from; i < _labels.Count; i++)
        {
            if (_labels[i].Name == name)
                return i;
        }

        return -1;
    }

    private string NameOf(string original)
    {
        if (_names.TryGetValue(original, out var name))
            return name;
        if (_names.Count >= MaxNames)
            _names.Clear();
        return _names[original] = MetricName.Sanitize(original, colons: false);
    }

    private readonly record struct Label(string Name, string Original, object? Value);
}
