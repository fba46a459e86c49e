namespace ParentProxy.Tests.Hosting;

/// <summary>Signals by their numbers on Linux.</summary>
internal enum Signal
{
    Hup = 1,
    Int = 2,
    Quit = 3,
    Kill = 9,
    User2 = 12,
    Term = 15,
}
