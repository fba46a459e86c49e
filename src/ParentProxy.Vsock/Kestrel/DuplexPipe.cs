using System.IO.Pipelines;

namespace ParentProxy.Vsock;

/// <summary>One end of a pair of pipes.</summary>
internal sealed record DuplexPipe(PipeReader Input, PipeWriter Output) : IDuplexPipe;
