using static TorchSharp.torch;

namespace SpoActors.Trainer.Models.Layers;

/// <summary>
/// Runs a function without keeping its activations and runs it again in the backward pass (arXiv 1604.06174). Gradients equal
/// those without it bit for bit; parameters used inside receive theirs in <c>.grad</c>, so the caller must call
/// <c>backward</c>, not <c>autograd.grad</c>.
/// </summary>
/// <remarks>An exception must not leave the backward pass, where native code calls this: <see cref="Backpropagation"/> carries it out.</remarks>
internal static class GradientCheckpoint
{
    /// <param name="body">A pure function of its arguments and of parameters.</param>
    /// <param name="arguments">Its arguments; some may be null.</param>
    public static Tensor Run(Func<Tensor?[], Tensor> body, params Tensor?[] arguments)
    {
        if (!is_grad_enabled()) return body(arguments);
        // The function is a node of the graph only if an argument requires a gradient; the first block's arguments do not, though
        // its parameters may.
        var anchored = arguments.Any(a => a is { requires_grad: true });
        using var anchor = anchored ? null : zeros(1, device: arguments[0]!.device).requires_grad_(true);
        return Recomputed.apply([body, anchor!, .. arguments]);
    }

    /// <summary>
    /// To be called by a body on an argument that it uses more than once: without checkpointing too, the argument's gradients are
    /// then summed here first, and only the sum is added to those from outside. Otherwise the order of sums, hence the bits, differ.
    /// </summary>
    public static Tensor Gather(Tensor argument) => argument.requires_grad ? argument.view_as(argument) : argument;

    sealed class Recomputed : autograd.SingleTensorFunction<Recomputed>
    {
        public override string Name => nameof(GradientCheckpoint);

        public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
        {
            var body = (Func<Tensor?[], Tensor>)vars[0];
            Tensor?[] arguments = [.. vars.Skip(2).Cast<Tensor?>()];
            ctx.save_data("body", body);
            ctx.save_data("count", arguments.Length);
            ctx.save_data("failure", Backpropagation.Here);
            ctx.save_for_backward([.. arguments!]);
            return body(arguments);
        }

        public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor grad_output)
        {
            var failure = (RecomputationFailure)ctx.get_data("failure");
            // Nothing for the function itself and for the anchor; and no gradient at all once something has failed.
            return [null!, null!, .. failure.Guard(() => Recompute(ctx, grad_output), () => new Tensor[(int)ctx.get_data("count")])];
        }

        static Tensor[] Recompute(autograd.AutogradContext ctx, Tensor grad_output)
        {
            // On CUDA this runs on an engine thread, which has no scope of its own.
            using var scope = NewDisposeScope();
            var body = (Func<Tensor?[], Tensor>)ctx.get_data("body");
            Tensor?[] arguments = [.. ctx.get_saved_variables().Select(saved => saved?.detach().requires_grad_(saved.requires_grad))];
            using (enable_grad())
            {
                var output = body(arguments);
                if (output.requires_grad) autograd.backward([output], [grad_output]);
            }
            return [.. arguments.Select(a => a is { requires_grad: true } ? a.grad?.MoveToOuterDisposeScope()! : null!)];
        }
    }
}
