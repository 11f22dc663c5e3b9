using SpoActors.Client;
using SpoActors.Client.Commands;
using SpoActors.Client.Console;

var output = SpectreOutput.OfProcess();
using var interruption = new Interruption(output);
return await SpoCommandLine.InvokeAsync(args, output, TimeProvider.System, cancellation: interruption.Token);
