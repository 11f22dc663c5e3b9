using System.CommandLine;
using SpoActors.Grains.Interfaces.Runs;

namespace SpoActors.Client.Commands;

/// <summary><c>spo resume</c>.</summary>
sealed class ResumeCommand : ControlCommand
{
    readonly Option<bool> allowRegression = new("--allow-regression")
    {
        Description = "Let the next trainer go on from a folder that holds less than the run has committed, and train those rounds again.",
    };

    public ResumeCommand(ClusterServices services) : base("resume", "Go on with a paused or cancelled run.", RunAction.Resume, services) => Options.Add(allowRegression);

    protected override bool AllowsRegression(ParseResult parsed) => parsed.GetValue(allowRegression);
}
