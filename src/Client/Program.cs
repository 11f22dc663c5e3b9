using SpoActors.Client;
using SpoActors.Client.Commands;
using SpoActors.Client.Console;
using SpoActors.Trainer.Native;

// Commands that compute load libtorch before they start threads; help and clusters do without.
AppContext.SetSwitch(NativeLibtorch.OnDemand, true);
var output = SpectreOutput.OfProcess();
using var interruption = new Interruption(output);
return await SpoCommandLine.InvokeAsync(args, output, TimeProvider.System, cancellation: interruption.Token);
