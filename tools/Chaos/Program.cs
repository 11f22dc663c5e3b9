using System.CommandLine;
using System.Globalization;
using SpoActors.Specification.Yaml;
using SpoActors.Tools.Chaos;
using SpoActors.Tools.Chaos.Processes;

var kills = new Option<int>("--kills") { Description = "SIGKILLs in all.", DefaultValueFactory = _ => 20 };
var seed = new Option<int>("--seed") { Description = "Seed of the moments and victims.", DefaultValueFactory = _ => Environment.TickCount };
var storage = new Option<string>("--storage") { Description = "postgres or redis.", DefaultValueFactory = _ => "postgres" };
var config = new Option<string>("--config") { Description = "The run.", DefaultValueFactory = _ => "config/tiny.yaml" };
var root = new RootCommand("Runs a cluster of processes, ends them at random, and compares the run's result with the sequential loop's.") { kills, seed, storage, config };
root.SetAction(async (arguments, cancellation) =>
{
    var plan = new ChaosPlan(arguments.GetValue(kills), arguments.GetValue(seed), Zombies: true);
    var isPostgres = arguments.GetValue(storage) == "postgres";
    var server = Environment.GetEnvironmentVariable(isPostgres ? "SPO_TEST_POSTGRES" : "SPO_TEST_REDIS")
        ?? throw new InvalidOperationException("no server to use: eval \"$(eng/services start FOLDER)\" first");
    var where = isPostgres ? await ProcessStorage.PostgresAsync(server) : await ProcessStorage.RedisAsync(server, database: 15);
    await using var cluster = new ProcessCluster(where);
    var run = SpecificationFile.Load(arguments.GetValue(config)!, [.. SmallRun.Overrides, $"training.rounds={plan.Rounds.ToString(CultureInfo.InvariantCulture)}"]);
    var report = await new ChaosRun(cluster, plan, isPostgres ? PostgresRestart.FromEnvironment() : null, Console.WriteLine).ExecuteAsync(run, cancellation);
    Console.WriteLine(report);
    return report.IsEqual ? 0 : 1;
});
return await root.Parse(args).InvokeAsync();
