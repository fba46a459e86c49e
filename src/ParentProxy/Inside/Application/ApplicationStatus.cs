namespace ParentProxy.Inside.Application;

/// <summary>The application at one moment, for those who report it.</summary>
/// <param name="State">What it is doing.</param>
/// <param name="Pid">Its process; null while it has none.</param>
/// <param name="Since">When it began to do that, as a timestamp: the wall clock may be set meanwhile.</param>
/// <param name="Restarts">How often it was started again.</param>
/// <param name="LastExit">How its last process ended; null when none has.</param>
internal sealed record ApplicationStatus(ApplicationState State, int? Pid, long Since, int Restarts, ChildExit? LastExit);
