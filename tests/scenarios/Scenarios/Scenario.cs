using ParentProxy.Scenarios.Fronts;
using ParentProxy.Scenarios.Report;

namespace ParentProxy.Scenarios.Scenarios;

/// <summary>Something that befalls enclaves under load, and what clients may notice of it.</summary>
internal abstract class Scenario
{
    /// <summary>What it is called; the part before a hyphen can stand for all that begin so.</summary>
    public abstract string Name { get; }

    /// <summary>What happens.</summary>
    public abstract string Title { get; }

    /// <summary>How many enclaves there are at the start.</summary>
    public virtual int Enclaves => 2;

    /// <summary>Load before what is measured, so that no program compiles and no connection is new.</summary>
    public virtual TimeSpan WarmUp => TimeSpan.FromSeconds(1);

    /// <summary>How long the load lasts at least.</summary>
    public abstract TimeSpan Length { get; }

    /// <summary>In what we must not be worse than others.</summary>
    public virtual IReadOnlyList<Measure> Compared => Measure.All;

    /// <summary>Whether others can be set up for it.</summary>
    public virtual bool IsForPeers => true;

    /// <summary>Starts a front for it.</summary>
    public virtual Task<IFront> StartFrontAsync(FrontKind kind, Stage stage, CancellationToken cancellationToken) =>
        kind.StartAsync(stage.Backends(), cancellationToken);

    /// <summary>Lets it happen while the load runs.</summary>
    public abstract Task PlayAsync(Stage stage, CancellationToken cancellationToken);

    /// <summary>What ours has to show.</summary>
    public abstract IEnumerable<Bar> Bars(Figures figures);
}
