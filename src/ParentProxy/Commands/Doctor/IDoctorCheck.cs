namespace ParentProxy.Commands.Doctor;

/// <summary>Looks at one thing of this machine, and changes nothing.</summary>
internal interface IDoctorCheck
{
    /// <summary>Looks once, and judges what it saw.</summary>
    /// <param name="case">What is known already.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>One result, or one for each thing of a kind; none where nothing of the kind is configured.</returns>
    Task<IReadOnlyList<CheckResult>> RunAsync(DoctorCase @case, CancellationToken cancellationToken);
}
