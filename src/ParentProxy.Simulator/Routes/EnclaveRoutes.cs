using Microsoft.AspNetCore.Builder;
using ParentProxy.Simulator.Attestation;

namespace ParentProxy.Simulator.Routes;

/// <summary>Everything that a simulated enclave answers.</summary>
internal static class EnclaveRoutes
{
    public static void Map(WebApplication app, EnclaveState state, SimulatedAttester? attester)
    {
        app.UseMiddleware<OrdinaryRequests>(state);
        // No pings: nothing on the wire that a test did not ask for.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });

        HealthRoutes.Map(app, state);
        ControlRoutes.Map(app, state);
        AttesterRoutes.Map(app, attester);
        AttestationRoute.Map(app, state, attester);
        EchoRoutes.Map(app, state);
        BodyRoutes.Map(app);
        HeadRoutes.Map(app);
        TimingRoutes.Map(app, state);
        TrailerRoutes.Map(app, state);
        WebSocketRoute.Map(app, state);
        FaultRoutes.Map(app, state);
    }
}
