using System.Globalization;
using System.Text;
using ParentProxy.Attestation;
using ParentProxy.Commands.Check;
using ParentProxy.Configuration;
using ParentProxy.Configuration.Reading;
using ParentProxy.Enclaves.Transports;
using ParentProxy.Endpoints;
using ParentProxy.Trust;
using ParentProxy.Trust.Clients;

namespace ParentProxy.Commands.Attest;

/// <summary><c>parent-proxy attest</c>: asks an enclave for its attestation document, or reads one, and verifies it.</summary>
/// <param name="output">Where the verdict is written.</param>
/// <param name="errors">Where it is written what went wrong on the way there.</param>
/// <param name="time">The clock.</param>
internal sealed class AttestCommand(TextWriter output, TextWriter errors, TimeProvider time)
{
    /// <summary>The reason of a verdict that no document came to.</summary>
    private const string NoAnswer = "request";

    /// <summary>Does what was asked for.</summary>
    /// <param name="sources">What the configuration is read from, where it is needed.</param>
    /// <param name="isConfigured">Whether a file or a setting was given for this call, so that it has to be right.</param>
    /// <param name="arguments">What was given.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The exit code: 0 when the document was verified.</returns>
    public async Task<int> RunAsync(
        ConfigurationSources sources, bool isConfigured, AttestArguments arguments, CancellationToken cancellationToken)
    {
        // An endpoint can be asked on a machine on which nothing is configured yet.
        var loaded = ConfigurationLoader.Load(sources);
        if (loaded.Options is null && (isConfigured || arguments.Enclave is not null))
        {
            await errors.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            return ExitCode.Failed;
        }

        if (loaded.IsForbidden && arguments.Mode != AttestMode.Pins && arguments.File is null)
        {
            await errors.WriteLineAsync(ConfigurationSummary.Mistakes(loaded));
            await errors.WriteLineAsync("parent-proxy: the defaults are used");
        }

        try
        {
            return arguments.Mode switch
            {
                AttestMode.Pins => await WritePinsAsync(arguments),
                AttestMode.Ping or AttestMode.Status => await AskServerAsync(loaded.Options, arguments, cancellationToken),
                _ => await JudgeAsync(loaded.Options, arguments, cancellationToken),
            };
        }
        catch (AttestationRequestException ex)
        {
            return await FailAsync(arguments, NoAnswer, ex.Message);
        }
        catch (MistakeException ex)
        {
            return await FailAsync(arguments, NoAnswer, ex.Message);
        }
    }

    private async Task<int> JudgeAsync(ProxyOptions? options, AttestArguments arguments, CancellationToken cancellationToken)
    {
        var policy = Policy(arguments, arguments.Enclave is null ? null : options?.Attestation.Policy);
        var endpoint = arguments.File is null ? Need(await new AttestTarget(options, time).FindAsync(arguments, cancellationToken)) : null;
        byte[] document;
        if (endpoint is null)
        {
            document = Need(DocumentFile.Read(arguments.File!, arguments.Pointer));
        }
        else
        {
            var request = new AttestationRequest
            {
                Nonce = arguments.Nonce is { } nonce ? Encoding.UTF8.GetString(nonce.Span) : AttestationNonce.Create(),
                UserData = arguments.UserData,
                GenerateKey = arguments.GenerateKey,
            };
            policy = policy with { Nonce = request.NonceBytes };
            document = await Client(options, endpoint, arguments).RequestAsync(request, cancellationToken);
        }

        var isSaved = arguments.Save is not { } file || await SavedAsync(file, document);
        var isGood = arguments.Mode == AttestMode.Show
            ? await ShowAsync(document, endpoint, arguments)
            : await VerifyAsync(document, endpoint, policy, arguments);
        return isGood && isSaved ? ExitCode.Ok : ExitCode.Failed;
    }

    private async Task<bool> VerifyAsync(byte[] document, EnclaveEndpoint? endpoint, AttestationPolicy policy, AttestArguments arguments)
    {
        var at = arguments.At ?? time.GetUtcNow();
        var result = new AttestationVerifier(time).VerifyAt(document, policy, at);
        var verdict = new AttestVerdict(result, policy, endpoint, at, IsNow: arguments.At is null);
        if (arguments.Json)
        {
            await output.WriteLineAsync(AttestJson.Of(verdict));
        }
        else
        {
            foreach (var line in AttestReport.Lines(verdict))
                await output.WriteLineAsync(line);
        }

        if (result.Failure is not null && arguments.Save is { } file)
            await errors.WriteLineAsync($"parent-proxy: {Quoted.Text(file)} holds the document that was rejected");
        return result.Verdict == AttestationVerdict.Verified
            || (result.Verdict == AttestationVerdict.Unpinned && arguments.AllowUnpinned);
    }

    private async Task<bool> ShowAsync(byte[] bytes, EnclaveEndpoint? endpoint, AttestArguments arguments)
    {
        if (!AttestationDocument.TryRead(bytes, out var document, out var failure))
        {
            await FailAsync(arguments, failure.Reason.Code(), failure.Message);
            return false;
        }

        if (arguments.Json)
        {
            await output.WriteLineAsync(AttestJson.Unverified(document, endpoint));
            return true;
        }

        foreach (var line in AttestReport.UnverifiedLines(document))
            await output.WriteLineAsync(line);
        return true;
    }

    private async Task<bool> SavedAsync(string file, byte[] document)
    {
        if (await DocumentFile.SaveAsync(file, document) is not { } reason)
            return true;
        await errors.WriteLineAsync($"parent-proxy: --save: {reason}");
        return false;
    }

    private async Task<int> AskServerAsync(ProxyOptions? options, AttestArguments arguments, CancellationToken cancellationToken)
    {
        var endpoint = Need(await new AttestTarget(options, time).FindAsync(arguments, cancellationToken));
        var client = new JsonLinesClient(Peer(options, endpoint, arguments));
        var report = new ServerReport(output, endpoint, arguments.Json);
        if (arguments.Mode == AttestMode.Ping)
        {
            var started = time.GetTimestamp();
            await client.PingAsync(cancellationToken);
            await report.PongAsync(time.GetElapsedTime(started));
            return ExitCode.Ok;
        }

        using var status = await client.StatusAsync(cancellationToken);
        await report.StatusAsync(status.RootElement);
        return ExitCode.Ok;
    }

    private async Task<int> WritePinsAsync(AttestArguments arguments)
    {
        var pcrs = Need(MeasurementsFile.Read(arguments.PcrsFrom!));
        var json = AttestJson.Write(writer =>
        {
            foreach (var (index, value) in pcrs)
                writer.WriteString(string.Create(CultureInfo.InvariantCulture, $"PCR{index}"), value);
        });
        if (arguments.Save is not { } file)
        {
            await output.WriteLineAsync(json);
            return ExitCode.Ok;
        }

        // They are no secret, and whoever runs the service has to read them.
        const UnixFileMode readable =
            UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead | UnixFileMode.OtherRead;
        return await KeptFile.WriteAsync(file, Encoding.ASCII.GetBytes(json + "\n"), readable) is { } reason
            ? throw new MistakeException($"--save: {reason}")
            : ExitCode.Ok;
    }

    /// <summary>What is asked of the document: as given, else as the configuration asks it of the enclaves that it names.</summary>
    private static AttestationPolicy Policy(AttestArguments arguments, AttestationPolicy? configured)
    {
        var pins = arguments.Pcrs.ToDictionary();
        if (arguments.PcrsFrom is { } file)
        {
            foreach (var (index, value) in Need(MeasurementsFile.Read(file)))
                pins[index] = [.. pins.GetValueOrDefault(index, []), value];
        }

        return new AttestationPolicy
        {
            Pins = pins.Count == 0 && configured is not null ? configured.Pins : PcrPins.Create(pins),
            Root = arguments.Root is { } root ? Need(RootFile.Read(root)) : configured?.Root ?? TrustAnchor.AwsG1,
            AllowDebug = arguments.AllowDebug,
            Nonce = arguments.Nonce,
        };
    }

    private IAttestationClient Client(ProxyOptions? options, EnclaveEndpoint endpoint, AttestArguments arguments)
    {
        var peer = Peer(options, endpoint, arguments);
        if (AttestTarget.SectionFor(options, arguments) is { } section)
        {
            return section.Protocol == AttestationProtocol.Jsonl || (arguments.UserData is null && !arguments.GenerateKey)
                ? AttestationClients.For(peer, section, options!)
                : throw new MistakeException(
                    $"Attestation:Protocol is {section.Protocol.ToString().ToLowerInvariant()}, over which only a nonce can be asked for");
        }

        if (arguments.Http is not { } http)
            return new JsonLinesClient(peer);
        return new HttpAttestationClient(
            peer, http with { HttpVersion = options?.Routing.HttpVersion ?? http.HttpVersion, Host = options?.Health.Probe.Host });
    }

    private AttestationPeer Peer(ProxyOptions? options, EnclaveEndpoint endpoint, AttestArguments arguments)
    {
        var dialer = new EnclaveDialer(options?.Vsock ?? new VsockOptions(), time);
        return new AttestationPeer(
            endpoint, token => dialer.DialAsync(endpoint, arguments.Timeout, token), arguments.Timeout, time);
    }

    private async Task<int> FailAsync(AttestArguments arguments, string reason, string message)
    {
        await errors.WriteLineAsync($"parent-proxy: {message}");
        if (arguments.Json && arguments.Mode != AttestMode.Pins)
            await output.WriteLineAsync(AttestJson.NoDocument(reason, message));
        return ExitCode.Failed;
    }

    private static T Need<T>(Parsed<T> parsed) => parsed.Reason is null ? parsed.Value : throw new MistakeException(parsed.Reason);

    /// <summary>Carries what is wrong with a file or a name up to where it is said.</summary>
    private sealed class MistakeException(string reason) : Exception(reason);
}
