"""Loads models/shapes-world with the real diffusers and transformers, draws with it, and scores with its judge.

  PYTHON eng/check-shapes.py [MODEL_FOLDER] [RUN_FOLDER]

PYTHON needs diffusers 0.26 and transformers 4.40 or newer (../shared/peer/install.sh sets up an environment offline). With a run's folder the
LoRA in it is loaded too.
"""
import sys

import torch
from diffusers import StableDiffusionPipeline
from transformers import CLIPModel, CLIPProcessor

model = sys.argv[1] if len(sys.argv) > 1 else "models/shapes-world"
# Small models: threads cost more than they bring.
torch.set_num_threads(1)
prompts = ["a red square", "three green circles", "a blue star above a yellow cross"]
pipe = StableDiffusionPipeline.from_pretrained(model)
pipe.set_progress_bar_config(disable=True)
draw = lambda: pipe(prompts, num_inference_steps=20, guidance_scale=4.0, eta=1.0, output_type="pil", generator=torch.Generator().manual_seed(1)).images
images = draw()
assert all(image.size == (64, 64) for image in images)

judge = CLIPModel.from_pretrained(f"{model}/pickscore")
processor = CLIPProcessor.from_pretrained(f"{model}/pickscore")
with torch.no_grad():
    scores = judge(**processor(text=prompts, images=images, padding="max_length", truncation=True, max_length=16, return_tensors="pt")).logits_per_image
# A preference model compares images for a prompt, not prompts for an image.
right = int((scores.argmax(dim=0) == torch.arange(len(prompts))).sum())
print(f"{sum(p.numel() for p in pipe.unet.parameters())} UNet parameters; pickscore prefers the image of its own prompt for {right} of {len(prompts)} prompts")

if len(sys.argv) > 2:
    pipe.load_lora_weights(sys.argv[2])
    changed = max(abs(int(a) - int(b)) for x, y in zip(images, draw()) for a, b in zip(x.tobytes(), y.tobytes()))
    assert changed > 0, "the images are the same with and without the adapter"
    print(f"LoRA loaded; largest change of a pixel {changed} of 255")
