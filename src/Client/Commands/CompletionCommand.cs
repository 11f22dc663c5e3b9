using System.CommandLine;
using SpoActors.Client.Console;

namespace SpoActors.Client.Commands;

/// <summary><c>spo completion</c>: what makes a shell complete commands, options and their values.</summary>
sealed class CompletionCommand : Command
{
    static readonly Dictionary<string, string> Scripts = new()
    {
        // Each asks the program itself, whose [suggest] directive knows the line and the cursor's place in it.
        ["bash"] = """
            # Install: spo completion bash > ~/.local/share/bash-completion/completions/spo
            _spo_complete() {
              local IFS=$'\n'
              COMPREPLY=($(compgen -W "$(spo "[suggest:${COMP_POINT}]" "${COMP_LINE}" 2>/dev/null)" -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -o default -F _spo_complete spo
            """,
        ["zsh"] = """
            #compdef spo
            # Install: spo completion zsh > ~/.zfunc/_spo, with fpath+=~/.zfunc before compinit in ~/.zshrc
            _spo() {
              local -a found
              found=("${(@f)$(spo "[suggest:${CURSOR}]" "${BUFFER}" 2>/dev/null)}")
              compadd -a found || _files
            }
            compdef _spo spo
            """,
        ["fish"] = """
            # Install: spo completion fish > ~/.config/fish/completions/spo.fish
            complete -c spo -a '(spo "[suggest:"(commandline -C)"]" (commandline) 2>/dev/null)'
            """,
        ["pwsh"] = """
            # Install: spo completion pwsh >> $PROFILE
            Register-ArgumentCompleter -Native -CommandName spo -ScriptBlock {
              param($word, $line, $cursor)
              spo "[suggest:$cursor]" "$line" 2>$null | Where-Object { $_ -like "$word*" } |
                ForEach-Object { [System.Management.Automation.CompletionResult]::new($_, $_, 'ParameterValue', $_) }
            }
            """,
    };

    readonly Argument<string> shell = new("shell") { Description = "bash, zsh, fish or pwsh." };

    public CompletionCommand(IConsoleOutput output) : base("completion", "Write a script that completes commands and options in a shell; its beginning says where it goes.")
    {
        shell.AcceptOnlyFromAmong([.. Scripts.Keys]);
        Arguments.Add(shell);
        SetAction(parsed => output.Data(Scripts[parsed.GetValue(shell)!]));
    }
}
