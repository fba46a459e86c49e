using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary>
/// <c>/control</c> shows how the enclave behaves; <c>/control/healthy?value=</c>, <c>/control/latency?ms=</c> and
/// <c>/control/failure-rate?value=</c> change it. GET works too: this is for people with curl.
/// </summary>
internal static class ControlRoutes
{
    public static void Map(IEndpointRouteBuilder routes, EnclaveState state)
    {
        routes.Map("/control", context => ShowAsync(context, state));
        routes.Map("/control/healthy", context =>
        {
            context.Require("value");
            state.Healthy = context.ReadBool("value");
            return ShowAsync(context, state);
        });
        routes.Map("/control/latency", context =>
        {
            context.Require("ms");
            state.Latency = context.ReadWait();
            return ShowAsync(context, state);
        });
        routes.Map("/control/failure-rate", context =>
        {
            context.Require("value");
            state.FailureRate = context.ReadNumber("value", 0.0, 0.0, 1.0);
            return ShowAsync(context, state);
        });
    }

    private static Task ShowAsync(HttpContext context, EnclaveState state) => Json.WriteAsync(
        context,
        new ControlAnswer(state.Healthy, state.Latency.TotalMilliseconds, state.FailureRate, state.Requests, state.HealthRequests),
        Json.Answers.ControlAnswer);
}
