using System.Text.Json;
using System.Text.Json.Nodes;

namespace SpoActors.Trainer.Checkpoints.SingleFile;

/// <summary>A UNet's <c>config.json</c>, worked out from the shapes of its tensors, since the original layout holds none.</summary>
static class InferredUNetConfig
{
    /// <summary>Heads of every transformer of SD 1.x.</summary>
    const int Heads = 8;

    /// <summary>Width of a head in the later models, whose projections are linear.</summary>
    const int HeadWidth = 64;

    /// <summary>Width of the sinusoid of each of SDXL's six time ids.</summary>
    const int TimeIdWidth = 256;

    /// <param name="unet">The UNet under diffusers' names.</param>
    /// <exception cref="CheckpointException">A tensor that it needs is missing or misshaped.</exception>
    public static JsonElement Of(ITensorSource unet)
    {
        var shapes = new TensorShapes(unet);
        var channels = shapes.Count(i => $"down_blocks.{i}.resnets.0.conv1.weight", i => shapes.Dimension($"down_blocks.{i}.resnets.0.conv1.weight", 0));
        var (levels, attention) = (channels.Count, FirstTransformer(shapes));
        var linear = shapes.Rank($"{attention}.proj_in.weight") == 2;
        var isXl = shapes.Has("add_embedding.linear_1.weight");
        bool Attends(string side, int level) => shapes.Has($"{side}_blocks.{level}.attentions.0.proj_in.weight");
        var config = new JsonObject
        {
            ["_class_name"] = "UNet2DConditionModel",
            ["in_channels"] = shapes.Dimension("conv_in.weight", 1),
            ["out_channels"] = shapes.Dimension("conv_out.weight", 0),
            ["block_out_channels"] = Array(channels),
            ["layers_per_block"] = Array([.. Enumerable.Range(0, levels).Select(i => shapes.Count(j => $"down_blocks.{i}.resnets.{j}.conv1.weight"))]),
            ["down_block_types"] = new JsonArray([.. Enumerable.Range(0, levels).Select(i => (JsonNode)(Attends("down", i) ? "CrossAttnDownBlock2D" : "DownBlock2D"))]),
            ["up_block_types"] = new JsonArray([.. Enumerable.Range(0, levels).Select(i => (JsonNode)(Attends("up", i) ? "CrossAttnUpBlock2D" : "UpBlock2D"))]),
            ["transformer_layers_per_block"] = Array([.. Enumerable.Range(0, levels).Select(i => TransformerLayers(shapes, i, levels))]),
            ["attention_head_dim"] = Array([.. channels.Select(c => linear ? Math.Max(1, c / HeadWidth) : Heads)]),
            ["cross_attention_dim"] = shapes.Dimension($"{attention}.transformer_blocks.0.attn2.to_k.weight", 1),
            ["use_linear_projection"] = linear,
            ["sample_size"] = isXl ? 128 : 64,
        };
        if (isXl)
        {
            config["addition_embed_type"] = "text_time";
            config["addition_time_embed_dim"] = TimeIdWidth;
            config["projection_class_embeddings_input_dim"] = shapes.Dimension("add_embedding.linear_1.weight", 1);
        }
        return JsonSerializer.SerializeToElement(config);
    }

    static string FirstTransformer(TensorShapes shapes)
    {
        var down = Enumerable.Range(0, TensorShapes.Most).TakeWhile(i => shapes.Has($"down_blocks.{i}.resnets.0.conv1.weight"))
            .Select(i => $"down_blocks.{i}.attentions.0").FirstOrDefault(a => shapes.Has($"{a}.proj_in.weight"));
        return down ?? "mid_block.attentions.0";
    }

    // The mid block has as many as the last level, also where that level itself has no transformer.
    static int TransformerLayers(TensorShapes shapes, int level, int levels)
    {
        var attention = shapes.Has($"down_blocks.{level}.attentions.0.proj_in.weight") ? $"down_blocks.{level}.attentions.0"
            : level == levels - 1 ? "mid_block.attentions.0" : null;
        return attention is null ? 1 : shapes.Count(i => $"{attention}.transformer_blocks.{i}.attn2.to_k.weight");
    }

    static JsonArray Array(IReadOnlyList<int> values) => new([.. values.Select(v => (JsonNode)v)]);
}
