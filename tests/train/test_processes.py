"""Two processes that train together take the same step: the mean of their gradients."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import torch
from torch import nn

from handtint.train.loop import average_gradients, processes, rank

ONE_OF_TWO = """
import sys
import torch
from torch import nn
from handtint.train.loop import average_gradients, rank
from handtint.train.run import join_processes

join_processes("cpu")
net = nn.Conv2d(2, 3, 3).to(memory_format=torch.channels_last)
for parameter in net.parameters():
    parameter.grad = torch.full_like(parameter, float(rank() + 1))
average_gradients(net)
torch.save([parameter.grad for parameter in net.parameters()], f"{sys.argv[1]}/{rank()}.pt")
torch.distributed.destroy_process_group()
"""


def test_gradients_are_averaged_over_processes(tmp_path: Path) -> None:
    script = tmp_path / "one_of_two.py"
    script.write_text(ONE_OF_TWO, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ended = subprocess.run([*torchrun, script, tmp_path], capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    for number in range(2):
        for gradient in torch.load(tmp_path / f"{number}.pt", weights_only=True):
            assert torch.equal(gradient, torch.full_like(gradient, 1.5))


def test_a_process_alone_keeps_its_gradients() -> None:
    net = nn.Linear(2, 1)
    net(torch.ones(1, 2)).sum().backward()
    average_gradients(net)
    assert torch.equal(net.weight.grad, torch.ones(1, 2))  # type: ignore[arg-type]
    assert (processes(), rank()) == (1, 0)
