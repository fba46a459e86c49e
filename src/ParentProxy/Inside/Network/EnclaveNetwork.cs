using System.Net.NetworkInformation;

namespace ParentProxy.Inside.Network;

/// <summary>Tells an enclave from a machine with a network, whose names nobody wants to lose by trying this program there.</summary>
internal static class EnclaveNetwork
{
    /// <summary>An interface beside the loopback that is up, by its name; null in an enclave, which has none.</summary>
    public static string? OtherInterface()
    {
        try
        {
            return NetworkInterface.GetAllNetworkInterfaces()
                .FirstOrDefault(static one =>
                    one.NetworkInterfaceType != NetworkInterfaceType.Loopback && one.OperationalStatus == OperationalStatus.Up)
                ?.Name;
        }
        catch (NetworkInformationException)
        {
            // Without /proc or /sys there is nothing to ask: that is an image, and no machine that somebody works on.
            return null;
        }
    }
}
