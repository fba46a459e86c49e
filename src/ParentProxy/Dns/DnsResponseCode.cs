namespace ParentProxy.Dns;

/// <summary>How a question was answered (RFC 1035 §4.1.1); from 16 on in two parts, of which the OPT record has the upper one.</summary>
internal enum DnsResponseCode
{
    NoError = 0,
    FormErr = 1,
    ServFail = 2,
    NxDomain = 3,
    NotImp = 4,
    Refused = 5,

    /// <summary>A version of EDNS that is not 0 (RFC 6891 §9).</summary>
    BadVers = 16,
}
