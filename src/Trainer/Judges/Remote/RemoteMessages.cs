using System.Runtime.InteropServices;
using System.Text.Json;
using SpoActors.Trainer.Checkpoints;
using SpoActors.Trainer.Checkpoints.Safetensors;
using static TorchSharp.torch;

namespace SpoActors.Trainer.Judges.Remote;

/// <summary>Bodies of a question and of its answer: safetensors, with the prompts as JSON in its metadata.</summary>
static class RemoteMessages
{
    /// <param name="inputs_BCHW">Images or latents.</param>
    /// <param name="timesteps_B">Their timesteps.</param>
    /// <param name="prompts">Their prompts.</param>
    public static byte[] Question(Tensor inputs_BCHW, Tensor timesteps_B, IReadOnlyList<string> prompts)
    {
        using var scope = NewDisposeScope();
        using var body = new MemoryStream();
        SafetensorsWriter.Write(body, new Dictionary<string, Tensor>
        {
            ["inputs"] = inputs_BCHW.to_type(ScalarType.Float32),
            ["timesteps"] = timesteps_B.to_type(ScalarType.Float32),
        }, new Dictionary<string, string> { ["prompts"] = JsonSerializer.Serialize(prompts) });
        return body.ToArray();
    }

    /// <param name="answer">Body of the answer.</param>
    /// <param name="count">Images that were asked about.</param>
    /// <exception cref="FormatException">It is not an answer; the message says what is wrong with it.</exception>
    public static float[] Scores(byte[] answer, int count)
    {
        using var stream = new MemoryStream(answer);
        SafetensorsHeader header;
        try
        {
            header = SafetensorsHeader.Read(stream, "the answer");
        }
        catch (CheckpointException e)
        {
            throw new FormatException($"its answer is not safetensors ({RemoteText.Shorten(e.Message.TrimEnd('.'))})", e);
        }
        if (!header.Entries.TryGetValue("scores", out var entry)) throw new FormatException("its answer holds no tensor 'scores'");
        var (type, shape) = (entry.Description.DType, entry.Description.Shape);
        if (type != ScalarType.Float32 || shape is not [var found] || found != count)
            throw new FormatException($"its scores are {type} [{string.Join(", ", shape)}]; expected Float32 [{count}]");
        var scores = MemoryMarshal.Cast<byte, float>(answer.AsSpan((int)entry.Offset, (int)entry.ByteCount)).ToArray();
        var bad = scores.Count(s => !float.IsFinite(s));
        return bad == 0 ? scores : throw new FormatException($"{bad} of its {count} scores are NaN or infinite");
    }
}
