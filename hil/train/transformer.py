#!/usr/bin/env python3
"""Trains a decoder-only transformer on random tokens and prints Halltwin's JSON lines.

    torchrun --nproc-per-node 8 transformer.py --seconds 120 --layers 24 --width 2048

Data-parallel by DistributedDataParallel over NCCL (gloo on CPUs). Rank 0 prints one JSON object a line:
{"step", "samples", "tokens", "loss", "phase"}, counting over all ranks. Random tokens load the machine as real ones do;
the loss falls to ln(vocabulary) and stays there. SIGTERM and SIGINT end it after the step at hand.
"""

import argparse
import json
import math
import os
import signal
import sys
import tempfile
import time

import torch
import torch.distributed as dist
from torch import nn
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel


class Block(nn.Module):
    def __init__(self, width, heads):
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.qkv, self.out = nn.Linear(width, 3 * width), nn.Linear(width, width)
        self.up, self.down = nn.Linear(width, 4 * width), nn.Linear(4 * width, width)

    def forward(self, x):
        b, t, c = x.shape
        q, k, v = (z.view(b, t, self.heads, c // self.heads).transpose(1, 2) for z in self.qkv(self.norm1(x)).split(c, dim=2))
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + self.out(y.transpose(1, 2).reshape(b, t, c))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Transformer(nn.Module):
    def __init__(self, vocabulary, context, layers, width, heads):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, width), nn.Embedding(context, width)
        self.blocks = nn.Sequential(*(Block(width, heads) for _ in range(layers)))
        self.norm, self.head = nn.LayerNorm(width), nn.Linear(width, vocabulary, bias=False)

    def forward(self, x):
        y = self.tokens(x) + self.places(torch.arange(x.shape[1], device=x.device))
        return self.head(self.norm(self.blocks(y)))


def arguments():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--seconds", type=float, default=60, help="how long to train")
    p.add_argument("--steps", type=int, default=0, help="how many steps; 0: as time allows")
    p.add_argument("--batch", type=int, default=8, help="sequences a step and GPU")
    p.add_argument("--context", type=int, default=1024)
    p.add_argument("--layers", type=int, default=12)
    p.add_argument("--width", type=int, default=1024)
    p.add_argument("--heads", type=int, default=16)
    p.add_argument("--vocabulary", type=int, default=32000)
    p.add_argument("--rate", type=float, default=3e-4)
    p.add_argument("--eval-every", type=int, default=0, help="steps; 0: never")
    p.add_argument("--checkpoint-every", type=int, default=0, help="steps; 0: never")
    p.add_argument("--seed", type=int, default=1)
    a = p.parse_args()
    if a.width % a.heads:
        p.error(f"width {a.width} does not divide into {a.heads} heads")
    return a


def main():
    a = arguments()
    rank, world, local = (int(os.environ.get(k, d)) for k, d in (("RANK", 0), ("WORLD_SIZE", 1), ("LOCAL_RANK", 0)))
    gpu = torch.cuda.is_available()
    device = torch.device("cuda", local) if gpu else torch.device("cpu")
    if gpu:
        torch.cuda.set_device(device)
        torch.set_float32_matmul_precision("high")
    if world > 1:
        dist.init_process_group("nccl" if gpu else "gloo")
    torch.manual_seed(a.seed)
    model = Transformer(a.vocabulary, a.context, a.layers, a.width, a.heads).to(device)
    net = DistributedDataParallel(model, device_ids=[local] if gpu else None) if world > 1 else model
    optimiser = torch.optim.AdamW(net.parameters(), lr=a.rate)
    random = torch.Generator(device=device).manual_seed(a.seed + 1000 * rank)
    stopping = []
    for s in (signal.SIGTERM, signal.SIGINT):
        signal.signal(s, lambda *_: stopping.append(True))

    def loss_of_batch():
        x = torch.randint(a.vocabulary, (a.batch, a.context + 1), device=device, generator=random)
        with torch.autocast(device.type, dtype=torch.bfloat16):
            y = net(x[:, :-1])
        return F.cross_entropy(y.float().view(-1, a.vocabulary), x[:, 1:].reshape(-1))

    def tell(step, loss, phase):
        if rank == 0:
            samples = step * a.batch * world
            line = {"step": step, "samples": samples, "tokens": samples * a.context, "phase": phase}
            if math.isfinite(loss):
                line["loss"] = loss
            print(json.dumps(line), flush=True)

    begin, step = time.monotonic(), 0
    while True:
        # All ranks stop at one step: they agree on the one that is first to want it.
        done = torch.tensor(float(bool(stopping) or time.monotonic() - begin >= a.seconds or (a.steps and step >= a.steps)), device=device)
        if world > 1:
            dist.all_reduce(done, op=dist.ReduceOp.MAX)
        if done.item():
            break
        optimiser.zero_grad(set_to_none=True)
        loss = loss_of_batch()
        loss.backward()
        optimiser.step()
        step += 1
        tell(step, loss.item(), "train")  # item() waits for the GPU, so a line is a finished step
        if a.eval_every and step % a.eval_every == 0:
            with torch.no_grad():
                tell(step, loss_of_batch().item(), "eval")
        if a.checkpoint_every and step % a.checkpoint_every == 0:
            if rank == 0:
                with tempfile.NamedTemporaryFile() as f:
                    torch.save({"model": model.state_dict(), "optimiser": optimiser.state_dict(), "step": step}, f.name)
            if world > 1:
                dist.barrier()
            tell(step, loss.item(), "checkpoint")
    if world > 1:
        dist.destroy_process_group()


if __name__ == "__main__":
    sys.exit(main())
