using System.Net;

namespace ParentProxy.Tests.Simulator;

public sealed class ControlRouteTests
{
    [Fact]
    public async Task Healthy_IsSwitched()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        (await fixture.Http.PostAsync("/control/healthy?value=false", null)).Dispose();
        using (var health = await fixture.Http.GetAsync("/health"))
            Assert.Equal(HttpStatusCode.ServiceUnavailable, health.StatusCode);
        Assert.False(fixture.Enclave.Healthy);

        (await fixture.Http.GetAsync("/control/healthy?value=true")).Dispose();
        using (var health = await fixture.Http.GetAsync("/health"))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
    }

    [Fact]
    public async Task FailureRate_OfOne_FailsEveryOrdinaryRequestAndNoOther()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        (await fixture.Http.GetAsync("/control/failure-rate?value=1")).Dispose();

        using (var ordinary = await fixture.Http.GetAsync("/echo"))
            Assert.Equal(HttpStatusCode.InternalServerError, ordinary.StatusCode);
        using (var health = await fixture.Http.GetAsync("/health"))
            Assert.Equal(HttpStatusCode.OK, health.StatusCode);
        (await fixture.Http.GetAsync("/control/failure-rate?value=0")).Dispose();
        using (var ordinary = await fixture.Http.GetAsync("/echo"))
            Assert.Equal(HttpStatusCode.OK, ordinary.StatusCode);
    }

    [Fact]
    public async Task Control_ShowsTheState()
    {
        await using var fixture = await EnclaveFixture.StartAsync();

        (await fixture.Http.GetAsync("/echo")).Dispose();
        (await fixture.Http.GetAsync("/health")).Dispose();
        using var response = await fixture.Http.GetAsync("/control/latency?ms=250");

        Assert.Equal(
            """{"healthy":true,"latencyMs":250,"failureRate":0,"requests":1,"healthRequests":1}""",
            await response.Content.ReadAsStringAsync());
    }
}
