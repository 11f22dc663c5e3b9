"""Loads a LoRA that `spo run` wrote with the real diffusers and says what it did.

  PYTHON eng/check-diffusers.py MODEL_FOLDER RUN_FOLDER

PYTHON needs diffusers 0.26 and peft 0.10 or newer (../shared/peer/install.sh sets up an environment offline).
"""
import sys

import torch
from diffusers import DiffusionPipeline
from safetensors.torch import load_file

model, run = sys.argv[1:]
stored = load_file(f"{run}/pytorch_lora_weights.safetensors")
pipe = DiffusionPipeline.from_pretrained(model)
before = pipe("a red cat", num_inference_steps=4, output_type="np", generator=torch.Generator().manual_seed(0)).images
pipe.load_lora_weights(run)
loaded = {n: p for n, p in pipe.unet.named_parameters() if "lora_" in n}
after = pipe("a red cat", num_inference_steps=4, output_type="np", generator=torch.Generator().manual_seed(0)).images

assert len(loaded) == len(stored), f"{len(stored)} tensors in the file, {len(loaded)} LoRA parameters in the model"
largest_b = max(float(p.abs().max()) for n, p in loaded.items() if "lora_B" in n)
assert largest_b > 0, "every B is zero: the adapter was not trained"
difference = float(abs(after - before).max())
assert difference > 0, "the images are the same with and without the adapter"
print(f"{len(loaded)} LoRA tensors loaded; largest |B| {largest_b:.4g}; largest change of a pixel {difference:.4g}")
