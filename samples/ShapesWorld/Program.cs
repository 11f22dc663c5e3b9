using System.CommandLine;
using SpoActors.ShapesWorld.Commands;

var root = new RootCommand("ShapesWorld: a small world to train everything from scratch in.");
ShapesCommands.AddTo(root, new ShapesOutput(Console.WriteLine, Console.Error.WriteLine, PlainTable.Write(Console.Out)), TimeProvider.System);
return await root.Parse(args).InvokeAsync();
