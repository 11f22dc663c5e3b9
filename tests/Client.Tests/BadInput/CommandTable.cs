namespace SpoActors.Client.Tests.BadInput;

/// <summary>
/// Every command of <c>spo</c> with every path that it takes. FILE is read and OUT is written where a row has them; capital words are
/// what is right in the other places. <see cref="CommandTableTests"/> finds the commands and options by themselves and misses their rows.
/// </summary>
static class CommandTable
{
    static readonly Dictionary<string, string> Words = new()
    {
        ["TINY"] = Repository.PathOf("config/tiny.yaml"),
        ["SPM"] = Repository.PathOf("tests/data/cases/common/tiny-spm.yaml"),
        ["SILO"] = Repository.PathOf("config/silo.yaml"),
        ["MODEL"] = Repository.PathOf("tests/data/tiny/pipeline"),
        ["LORA"] = Repository.PathOf("tests/data/cases/01-lora-conv1x1/unet_only.safetensors"),
        ["PAIRS"] = Repository.PathOf("tests/data/cases/common/ok.parquet"),
        ["PROMPTS"] = Repository.PathOf("config/prompts/spo_4k.json"),
        ["PNG"] = Repository.PathOf("tests/data/cases/01-lora-conv1x1/expected.png"),
        ["JUDGE"] = Repository.PathOf("tests/data/tiny/spm"),
        ["WORLD"] = Repository.PathOf("models/shapes-world"),
        ["ORACLE"] = Repository.PathOf("models/shapes-world/oracle"),
        ["CAPTIONS"] = Repository.PathOf("config/prompts/shapes.txt"),
        ["TOKEN"] = Repository.PathOf("LICENSE"),
    };

    /// <summary>Commands that read: the line, what would be right as FILE, and the kinds of <see cref="BadFiles"/> that are not wrong there.</summary>
    public static readonly (string Line, string Right, string[] Fine)[] Inputs =
    [
        ("run FILE --output OUT", "TINY", []),
        ("run FILE --dry-run --output OUT", "TINY", []),
        ("run TINY --output OUT --set prompts.path=FILE", "PROMPTS", []),
        ("run TINY --output OUT --set model.path=FILE", "MODEL", ["model"]),
        ("run TINY --output OUT --set model.vae=FILE", "MODEL", ["model"]),
        ("run TINY --output OUT --set judge.path=FILE", "JUDGE", []),
        ("run TINY --output OUT --set judge.processor=FILE", "JUDGE", []),
        ("run TINY --output OUT --set judge.kind=remote --set judge.path= --set judge.url=http://127.0.0.1:9 --set judge.token_file=FILE", "TOKEN", ["null"]),
        ("run TINY --output OUT --set lora.initial_weights=FILE", "LORA", ["lora"]),
        ("run TINY --output OUT --set objective.kind=diffusion_dpo --set objective.eps=null --set flow=own_pairs --set data.path=FILE", "PAIRS", ["table"]),
        ("train-spm FILE --output OUT", "SPM", []),
        ("train-spm SPM --output OUT --set model.path=MODEL --set data.train=[FILE]", "PAIRS", ["table"]),
        ("train-spm SPM --output OUT --set model.path=MODEL --set data.validation=[FILE]", "PAIRS", ["table"]),
        ("train-spm SPM --output OUT --set model.path=MODEL --set start.path=FILE", "JUDGE", []),
        ("train-spm SPM --output OUT --set model.path=MODEL --set start.processor=FILE", "JUDGE", []),
        ("train-spm SPM --output OUT --set model.path=FILE", "MODEL", ["model"]),
        ("train-spm SPM --output OUT --set model.path=MODEL --set model.vae=FILE", "MODEL", ["model"]),
        ("start FILE --cluster SILO", "TINY", ["configuration"]),
        ("start FILE --cluster SILO --dry-run", "TINY", []),
        ("start TINY --cluster FILE", "SILO", ["configuration"]),
        ("list --cluster FILE", "SILO", ["configuration"]),
        ("show run --cluster FILE", "SILO", ["configuration"]),
        ("watch run --cluster FILE", "SILO", ["configuration"]),
        ("logs run --cluster FILE", "SILO", ["configuration"]),
        ("pause run --cluster FILE", "SILO", ["configuration"]),
        ("resume run --cluster FILE", "SILO", ["configuration"]),
        ("cancel run --cluster FILE", "SILO", ["configuration"]),
        ("cluster status --cluster FILE", "SILO", ["configuration"]),
        ("cluster init --cluster FILE", "SILO", ["configuration"]),
        ("doctor FILE", "TINY", ["configuration"]),
        ("inspect FILE", "LORA", ["lora", "model"]),
        ("inspect FILE --tensors --check-finite", "LORA", ["lora", "model"]),
        ("inspect FILE", "PNG", ["picture", "model"]),
        ("convert FILE OUT", "LORA", ["lora"]),
        ("sample FILE --prompt a --steps 1 --output OUT", "MODEL", ["model"]),
        ("sample MODEL --prompts FILE --steps 1 --output OUT", "PROMPTS", []),
        ("sample MODEL --prompt a --lora FILE --steps 1 --output OUT", "LORA", ["lora"]),
        ("sample MODEL --prompt a --vae FILE --steps 1 --output OUT", "MODEL", ["model"]),
        ("shapes validate --oracle FILE --count 1", "ORACLE", []),
        ("shapes pairs OUT --model FILE --count 1 --prompts CAPTIONS", "WORLD", []),
        ("shapes pairs OUT --prompts FILE --count 1 --model WORLD", "PROMPTS", []),
        ("shapes evaluate --model FILE --prompts 1 --steps 1", "WORLD", []),
        ("shapes evaluate --lora FILE --prompts 1 --steps 1 --model WORLD", "LORA", []),
        ("shapes judge-accuracy --model FILE --prompts 1 --scenes 20", "WORLD", []),
        ("shapes export --work FILE --target OUT", "WORLD", []),
        ("shapes verify --model FILE", "WORLD", []),
    ];

    /// <summary>Commands that write: OUT cannot be made.</summary>
    public static readonly string[] Outputs =
    [
        "run TINY --output OUT", "train-spm SPM --output OUT", "sample MODEL --prompt a --steps 1 --output OUT", "convert LORA OUT",
        "shapes train --work OUT --tiny", "shapes pairs OUT --count 1 --model WORLD --prompts CAPTIONS", "shapes render OUT", "shapes export --target OUT --work WORLD",
    ];

    /// <summary>Values that no file or number is.</summary>
    public static readonly string[] Values =
    [
        "show", "show ''", "show a/b", "show run%", "cancel ../../x", "pause ..", "resume .x", "watch a/b", "logs ''", "completion tcsh", "completion",
        "sample MODEL --output OUT", "sample MODEL --prompt a --output OUT --height 7", "sample MODEL --prompt a --output OUT --height -8", "sample MODEL --prompt a --output OUT --width 7",
        "sample MODEL --prompt a --output OUT --device tpu", "sample MODEL --prompt a --output OUT --device cuda:99", "sample MODEL --prompt a --output OUT --threads -1",
        "sample MODEL --prompt a --output OUT --guidance-scale NaN", "sample MODEL --prompt a --output OUT --eta 2", "sample MODEL --prompt a --output OUT --steps 0",
        "sample MODEL --prompts PROMPTS --output OUT --limit 0", "sample MODEL --prompts PROMPTS --output OUT --column nothing", "sample MODEL --prompt a --output OUT --compare",
        "sample MODEL --prompt a --output OUT --lora-strength 1000 --lora LORA", "sample MODEL --prompt a --output OUT --height 1000000 --width 1000000",
        "run TINY --output OUT --set sampling.steps", "run TINY --output OUT --set =", "run TINY --output OUT --set evaluation.seeds=[[[[", "run TINY --output OUT --name a/b",
        "run TINY --output OUT --name ''", "run TINY --output OUT --branch x", "run TINY --output OUT --branch tiny --resume", "run TINY --output OUT --branch other --resume",
        "run TINY --output OUT --dry-run --set training.prompts_per_round=2147483647", "run TINY --output OUT --set evaluation.oracle=nobody", "run TINY --output OUT --set evaluation.scheduler=nothing",
        "train-spm SPM --output OUT --name a/b", "train-spm SPM --output OUT --set nonsense=1", "start TINY --name a/b --cluster SILO", "start TINY --set nonsense=1 --cluster SILO",
        "start TINY --branch x --cluster SILO", "doctor TINY --set nonsense=1", "doctor --output /dev/null/x", "doctor --probe sd3", "doctor --probe sd15 --dtype float16", "doctor --probe sd15 --device cuda:99",
        "doctor TINY SPM SILO --set nonsense=1", "cluster", "cluster nothing", "shapes", "shapes prompts --count 0", "shapes judge-accuracy --scenes 1 --plot OUT --model WORLD", "nothing", "run", "convert LORA", "convert LORA LORA", "convert LORA PNG",
    ];

    /// <summary>Options that take any text.</summary>
    public static readonly HashSet<string> Texts = ["sample --prompt", "sample --negative", "shapes train --stage"];

    /// <summary>The words of a line.</summary>
    public static string[] Arguments(string line, string file = "FILE", string target = "OUT") => [.. line.Split(' ').Select(word =>
    {
        foreach (var (name, value) in Words.Append(KeyValuePair.Create("FILE", file)).Append(KeyValuePair.Create("OUT", target)))
            if (word == name || word.EndsWith("=" + name, StringComparison.Ordinal) || word.EndsWith($"=[{name}]", StringComparison.Ordinal))
                return word.Replace(name, name == "FILE" && word.EndsWith(']') ? $"'{value}'" : value, StringComparison.Ordinal);
        return word == "''" ? "" : word.Replace("%", "\n", StringComparison.Ordinal);
    })];

    /// <summary>What a word stands for.</summary>
    public static string Meaning(string word) => Words[word];
}
