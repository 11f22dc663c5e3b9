using System.Security.Cryptography;
using System.Text;
using SpoActors.Specification;
using SpoActors.Trainer.Storage;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Remote;

/// <summary>A judge over HTTP (docs/remote-judge.md): tensors as safetensors, the rest as JSON, nothing that could run code.</summary>
public sealed class RemoteJudge : IJudge
{
    const int LongestToken = 1 << 16;

    readonly RemoteConnection connection;
    readonly RemoteDescription description;

    /// <summary>Asks the judge what it is.</summary>
    /// <param name="judge">Address, token and time-out.</param>
    /// <param name="device">Where scores are wanted; what is asked goes over the network from the CPU.</param>
    /// <exception cref="JudgeException">It doesn't answer, or answers nonsense.</exception>
    public RemoteJudge(JudgeSettings judge, Device device) : this(judge, device, RemoteRetry.Default)
    {
    }

    internal RemoteJudge(JudgeSettings judge, Device device, RemoteRetry retry)
    {
        Device = device;
        connection = new RemoteConnection(judge.Url!, Token(judge.TokenFile), TimeSpan.FromSeconds(judge.TimeoutSeconds), retry);
        try
        {
            description = RemoteDescription.Parse(connection.Ask("/describe"));
        }
        catch (FormatException e)
        {
            connection.Dispose();
            throw connection.Wrong(e.Message, e);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    public string Name => description.Name;

    public JudgeInput Input => description.Input;

    public bool KnowsTimestep => description.KnowsTimestep;

    public Device Device { get; }

    public double Scale => description.Scale;

    public IPreparedPrompts Prepare(IReadOnlyList<string> prompts) => new PromptTexts(prompts);

    public Tensor Score(Tensor inputs_BCHW, IPreparedPrompts prompts, Tensor timesteps_B)
    {
        using var scope = NewDisposeScope();
        // What is not finite is not sent: it is not the judge that failed there.
        var broken_B = inputs_BCHW.isfinite().flatten(1).all(1).logical_not().cpu();
        var finite_BCHW = inputs_BCHW.cpu().masked_fill(broken_B.view(-1, 1, 1, 1), 0);
        var question = RemoteMessages.Question(finite_BCHW, timesteps_B.cpu(), ((PromptTexts)prompts).Prompts);
        var answer = connection.Ask("/score", question, Convert.ToHexStringLower(SHA256.HashData(question)));
        try
        {
            return tensor(RemoteMessages.Scores(answer, prompts.Count)).masked_fill(broken_B, float.NaN).to(Device).MoveToOuterDisposeScope();
        }
        catch (FormatException e)
        {
            throw connection.Wrong(e.Message, e);
        }
    }

    public void Dispose() => connection.Dispose();

    static string? Token(string? file)
    {
        if (file is null) return null;
        try
        {
            var token = Encoding.UTF8.GetString(InputFile.ReadAll(file, LongestToken)).Trim();
            return token.Length > 0 && token.All(c => c is > ' ' and < (char)127)
                ? token
                : throw new JudgeException($"'{file}' does not hold a token: expected one line of letters, digits and signs.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new JudgeException($"The token file '{file}' cannot be read: {e.Message}", e);
        }
    }
}
