using System.CommandLine;
using SpoActors.Client.Console;
using SpoActors.ShapesWorld.Commands;

namespace SpoActors.Client.Commands;

/// <summary>
/// <c>spo shapes</c>: the commands of the sample world. The one place below <c>src</c> that knows a sample, so that the README's first
/// command needs nothing but the client.
/// </summary>
static class ShapesDoor
{
    public static Command Create(IConsoleOutput output, TimeProvider time) => ShapesCommands.AddTo(
        new Command("shapes", "ShapesWorld: a small world to train everything from scratch in."), new ShapesOutput(output.Data, output.Say), time);
}
