namespace ParentProxy.Dns;

/// <summary>Where in a message a record is; the sections come in this order.</summary>
internal enum DnsSection
{
    Answer,
    Authority,
    Additional,
}
