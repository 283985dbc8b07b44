# The U-Net of packages/core/src/learn/models/unet.ts in PyTorch, with the same parameter names.
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    def __init__(self, inputs, outputs, normalised):
        super().__init__()
        self.conv0 = nn.Conv2d(inputs, outputs, 3, padding=1, bias=not normalised)
        self.conv1 = nn.Conv2d(outputs, outputs, 3, padding=1, bias=not normalised)
        self.norm0 = nn.BatchNorm2d(outputs) if normalised else nn.Identity()
        self.norm1 = nn.BatchNorm2d(outputs) if normalised else nn.Identity()

    def forward(self, x):
        x = functional.relu(self.norm0(self.conv0(x)))
        return functional.relu(self.norm1(self.conv1(x)))


class UpBlock(Block):
    def __init__(self, inputs, outputs, normalised):
        super().__init__(2 * outputs, outputs, normalised)
        self.transposed = nn.ConvTranspose2d(inputs, outputs, 2, stride=2)

    def forward(self, x, skip):
        return super().forward(torch.cat([skip, self.transposed(x)], 1))


class UNet(nn.Module):
    def __init__(self, base, depth, normalised=0):
        super().__init__()
        self.depth = depth
        widths = [base * 2**level for level in range(depth + 1)]
        for level, width in enumerate(widths):
            self.add_module(f"down{level}", Block(widths[level - 1] if level else 1, width, bool(normalised)))
        for level in range(depth):
            self.add_module(f"up{level}", UpBlock(widths[level + 1], widths[level], bool(normalised)))
        self.head = nn.Conv2d(base, 1, 1)

    def forward(self, x):
        skips = []
        for level in range(self.depth):
            x = getattr(self, f"down{level}")(x)
            skips.append(x)
            x = functional.max_pool2d(x, 2)
        x = getattr(self, f"down{self.depth}")(x)
        for level in reversed(range(self.depth)):
            x = getattr(self, f"up{level}")(x, skips[level])
        return self.head(x)
