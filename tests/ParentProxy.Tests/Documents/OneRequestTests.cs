using System.Text.RegularExpressions;

namespace ParentProxy.Tests.Documents;

/// <summary>The way of a request through the rooms, as it is told, is one that can be walked: short, and never back.</summary>
public sealed partial class OneRequestTests
{
    private const int MostRooms = 12;

    private static readonly IReadOnlyList<(string Room, IReadOnlyList<string> Files)> Steps =
    [
        .. Repository.Document("CONTRIBUTING.md").RowsBelow("One request").Select(row => (
            row.Names[0],
            (IReadOnlyList<string>)[.. Code().Matches(row.Cells[1]).Select(match => match.Groups[1].Value)])),
    ];

    [Fact]
    public void Rooms_AreFewAndEnteredOnce()
    {
        Assert.InRange(Steps.Count, 2, MostRooms);
        Assert.Equal(Steps.Select(step => step.Room).Distinct(), Steps.Select(step => step.Room));
    }

    [Fact]
    public void Files_AreInTheirRooms() => Assert.All(Steps, step =>
    {
        Assert.NotEmpty(step.Files);
        Assert.All(step.Files, file => Assert.True(
            File.Exists(Repository.FullPath($"src/ParentProxy/{step.Room}{file}.cs")), $"{file} is not in {step.Room}"));
    });

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();
}
