using System.CommandLine;
using SpoActors.Benchmarks.SpoRound;
using SpoActors.Trainer.Native;

// What the product's own stages cost: a round or single units on the models that the Python peer exported, and a round of the README's first command.
NativeLibtorch.EnsureLoaded();
return new RootCommand("Times the product's stages") { RoundCommand.Create(), UnitCommand.Create(), DefaultRunCommand.Create() }.Parse(args).Invoke();
