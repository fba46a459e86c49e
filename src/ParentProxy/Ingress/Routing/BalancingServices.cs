using Microsoft.Extensions.DependencyInjection;
using ParentProxy.Configuration;
using Yarp.ReverseProxy.LoadBalancing;

namespace ParentProxy.Ingress.Routing;

/// <summary>Puts our rules around YARP's load-balancing policies.</summary>
internal static class BalancingServices
{
    /// <summary>Every policy heeds slow start, and the one that reads weights is ours.</summary>
    public static void Replace(IServiceCollection services)
    {
        foreach (var policy in services.Where(service => service.ServiceType == typeof(ILoadBalancingPolicy)).ToList())
        {
            services.Remove(policy);
            services.AddSingleton<ILoadBalancingPolicy>(provider =>
            {
                var yarps = (ILoadBalancingPolicy)ActivatorUtilities.CreateInstance(provider, policy.ImplementationType!);
                var inner = yarps.Name == RoutingOptions.WeightedPolicy
                    ? ActivatorUtilities.CreateInstance<WeightedLeastRequestsPolicy>(provider)
                    : yarps;
                return ActivatorUtilities.CreateInstance<SlowStartPolicy>(provider, inner);
            });
        }
    }
}
