using Microsoft.Extensions.Logging;

namespace ParentProxy.Egress.Policy;

/// <summary>What the policy logs; event ids 1060 to 1069.</summary>
internal static partial class PolicyLog
{
    [LoggerMessage(1060, LogLevel.Warning,
        "The addresses of this machine cannot be read ({Reason}): a name that leads to one is refused only if that is private or "
            + "otherwise special. The unit's RestrictAddressFamilies= needs AF_NETLINK for it")]
    public static partial void OwnAddressesUnknown(ILogger logger, string reason);
}
