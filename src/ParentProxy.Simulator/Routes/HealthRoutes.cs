using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace ParentProxy.Simulator.Routes;

/// <summary><c>/health</c>, and <c>/</c> with the same answer (as an ordinary request).</summary>
internal static class HealthRoutes
{
    public static void Map(IEndpointRouteBuilder routes, EnclaveState state)
    {
        Task Answer(HttpContext context) => state.Healthy
            ? Json.WriteAsync(context, new HealthAnswer("ok", state.TimeProvider.GetUtcNow().ToString("O")), Json.Answers.HealthAnswer)
            : Json.WriteAsync(
                context, new HealthAnswer("unavailable", null), Json.Answers.HealthAnswer, StatusCodes.Status503ServiceUnavailable);

        routes.Map("/health", Answer);
        routes.Map("/", Answer);
    }
}
