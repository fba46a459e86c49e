using Microsoft.AspNetCore.Builder;

namespace ParentProxy.Simulator.Routes;

/// <summary>Everything that a simulated enclave answers.</summary>
internal static class EnclaveRoutes
{
    public static void Map(WebApplication app, EnclaveState state)
    {
        app.UseMiddleware<OrdinaryRequests>(state);
        // No pings: nothing on the wire that a test did not ask for.
        app.UseWebSockets(new WebSocketOptions { KeepAliveInterval = Timeout.InfiniteTimeSpan });

        HealthRoutes.Map(app, state);
        ControlRoutes.Map(app, state);
        AttestationRoute.Map(app);
        EchoRoutes.Map(app, state);
        BodyRoutes.Map(app);
        HeadRoutes.Map(app);
        TimingRoutes.Map(app, state);
        TrailerRoutes.Map(app, state);
        WebSocketRoute.Map(app, state);
        FaultRoutes.Map(app, state);
    }
}
