using ParentProxy.Configuration;
using ParentProxy.Enclaves;
using ParentProxy.Enclaves.Discovery;
using ParentProxy.Endpoints;

namespace ParentProxy.Tests.Enclaves.Discovery;

public sealed class EnclaveMergeTests
{
    [Fact]
    public void Of_NothingInCommon_StandsSideBySide() => Assert.Equal(
        ["0 a vsock://16:5000 -", "app app vsock://17:6300 1"],
        Merge([Vsock("0", "a", 16, 5000)], Known("app", "1", 17)));

    [Theory]
    [InlineData("0", "APP")]
    [InlineData("App", "something else")]
    public void Of_ConfiguredByThatName_TakesTheCidAndKeepsTheRest(string id, string name) => Assert.Equal(
        [$"{id} {name} vsock://17:5000 1"],
        Merge([Vsock(id, name, 16, 5000)], Known("app", "1", 17)));

    [Fact]
    public void Of_OneEnclaveWithTwoPorts_BothMove() => Assert.Equal(
        ["web app vsock://17:5000 1", "api app vsock://17:5001 1"],
        Merge([Vsock("web", "app", 16, 5000), Vsock("api", "app", 16, 5001)], Known("app", "1", 17)));

    [Fact]
    public void Of_CopiesOfOneName_TheOneAtTheCidIsIt() => Assert.Equal(
        ["0 app vsock://16:6300 2", "1 app vsock://17:6300 1"],
        Merge([Vsock("0", "app", 16, 6300), Vsock("1", "app", 17, 6300)], Known("app", "1", 17), Known("app_1", "2", 16)));

    [Fact]
    public void Of_SameEndpointByAnotherName_IsNotAddedAgainButItsRestartsAreSeen() => Assert.Equal(
        ["0 0 vsock://16:6300 1"],
        Merge([Vsock("0", "0", 16, 6300)], Known("app", "1", 16)));

    [Fact]
    public void Of_OtherTransportByThatName_KeepsItsIdAndTheFoundOneGetsAnother() => Assert.Equal(
        ["app app tcp://a:1 -", "app-2 app vsock://16:6300 1"],
        Merge([new EnclaveOptions("app", "app", EnclaveEndpoint.Tcp("a", 1))], Known("app", "1", 16)));

    [Fact]
    public void Of_RefusedByThatName_IsHeldBack() => Assert.Equal(
        ["1 other vsock://18:5000 -"],
        Merge([Vsock("0", "app", 16, 5000), Vsock("1", "other", 18, 5000)], Known("app", "1", 16) with { Refusal = "debug" }));

    [Fact]
    public void Of_OutsideTheNamePattern_StandsAsConfigured() => Assert.Equal(
        ["0 app vsock://16:5000 -"],
        Merge([Vsock("0", "app", 16, 5000)], Known("app", "1", 17) with { Refusal = "name", IsForeign = true }));

    [Fact]
    public void Of_NothingKnown_IsTheConfiguration()
    {
        EnclaveOptions[] configured = [Vsock("0", "app", 16, 5000), new("1", "1", EnclaveEndpoint.Unix("/x"))];
        Assert.Equal(configured.Select(e => new EnclaveMember(e.Id, e.Name, e.Endpoint, e.Weight)), EnclaveMerge.Of(configured, [], 6300));
    }

    [Fact]
    public void Of_FoundAndSetAsideByTheConfiguration_IsSetAside()
    {
        EnclaveOptions[] configured =
        [
            Vsock("0", "app", 16, 5000) with { State = EnclaveMode.Drain },
            Vsock("1", "other", 17, 5000) with { Weight = 0, Backup = true },
        ];

        var members = EnclaveMerge.Of(configured, [Known("app", "a", 26), Known("other", "b", 27), Known("third", "c", 28)], 6300);

        Assert.Equal(
            [
                ("vsock://26:5000", "State is drain in the configuration", false),
                ("vsock://27:5000", "Weight is 0 in the configuration", true),
                ("vsock://28:6300", null, false),
            ],
            members.Select(member => (member.Endpoint.ToString(), member.WhyDrained, member.IsBackup)));
    }

    private static EnclaveOptions Vsock(string id, string name, uint cid, uint port) => new(id, name, EnclaveEndpoint.Vsock(cid, port));

    private static KnownEnclave Known(string name, string enclaveId, uint cid) => new(new DescribedEnclave(name, enclaveId, cid), name);

    private static IEnumerable<string> Merge(EnclaveOptions[] configured, params KnownEnclave[] known) =>
        EnclaveMerge.Of(configured, known, 6300).Select(
            enclave => $"{enclave.Id} {enclave.Name} {enclave.Endpoint} {enclave.Instance ?? "-"}");
}
