using System.Globalization;
using Spectre.Console;
using Spectre.Console.Rendering;
using SpoActors.Client.Console;
using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Clusters;

/// <summary>A run of a cluster as a picture: where it stands, its stages, and what happened last.</summary>
sealed class WatchView
{
    const int Kept = 8;

    readonly Queue<RunEventRecord> latest = new();

    public void Add(RunEventRecord record)
    {
        latest.Enqueue(record);
        if (latest.Count > Kept) latest.Dequeue();
    }

    public IRenderable Draw(RunSnapshot run)
    {
        var stages = ClusterTables.Stages(run);
        var table = new Table { Border = TableBorder.Rounded };
        foreach (var column in stages.Columns) table.AddColumn(new TableColumn(Markup.Escape(column)));
        foreach (var row in stages.Rows) table.AddRow([.. row.Select(cell => new Text(cell))]);
        var title = string.Create(CultureInfo.InvariantCulture, $"{run.Run}: {ResultOutput.Text(run.Status)}, round {run.NextRound} of {run.RoundCount}, {run.Totals.Pairs} pairs");
        return new Rows(
        [
            new Text(title), .. run.Reason.Length > 0 ? [new Text(run.Reason, new Style(Color.Yellow))] : Array.Empty<Text>(), table,
            .. latest.Select(e => new Text(ClusterTables.Line(e), new Style(Color.Grey))),
        ]);
    }
}
