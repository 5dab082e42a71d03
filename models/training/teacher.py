"""The teacher: IS-Net as an ONNX file, run by PyTorch so that it uses the GPU.

Only the operators of IS-Net are known, and only the nodes that the first output needs are run.
"""

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
import torch.nn.functional as F
from onnx import numpy_helper
from torch import Tensor


def attribute_values(node: onnx.NodeProto) -> dict[str, Any]:
    """A node's attributes by name, each a list of integers or one integer."""
    return {item.name: list(item.ints) if item.ints else item.i for item in node.attribute}


def inputs_that_matter(node: onnx.NodeProto) -> list[str]:
    """Names of the tensors that a node computes with; `resize_targets` has the size of a Resize."""
    return list(node.input[:1] if node.op_type == "Resize" else node.input)


def needed_nodes(graph: onnx.GraphProto) -> list[onnx.NodeProto]:
    """Nodes on the way to the graph's first output, in the graph's order."""
    wanted = {graph.output[0].name}
    nodes = []
    # ONNX lists a node after those that it reads, so that one backward pass finds everything.
    for node in reversed(graph.node):
        if node.op_type != "Constant" and wanted.intersection(node.output):
            nodes.append(node)
            wanted.update(inputs_that_matter(node))
    return nodes[::-1]


def resize_targets(graph: onnx.GraphProto) -> dict[str, list[int]]:
    """Height and width that each Resize produces, by the name of its output.

    IS-Net's export joins the batch and channel counts, taken from the map itself, with a constant
    height and width: the constant is the second input of that Concat.
    """
    makers = {output: node for node in graph.node for output in node.output}
    targets = {}
    for node in graph.node:
        if node.op_type == "Resize":
            sizes = makers[node.input[3]]
            constant = makers[sizes.input[1]]
            height, width = numpy_helper.to_array(constant.attribute[0].t)
            targets[node.output[0]] = [int(height), int(width)]
    return targets


class Teacher:
    """A network that gives the probability of the subject for each pixel.

    Input: N x 3 x S x S, RGB as (v - 128) / 256 with v in 0..255, S as the ONNX file fixes it.
    Output: N x 1 x S x S, float32, 0..1.
    """

    def __init__(self, path: Path, dtype: torch.dtype, device: str) -> None:
        graph = onnx.load(path).graph
        self.dtype = dtype
        self.device = device
        self.weights = self._read_weights(graph)
        self.nodes = needed_nodes(graph)
        self.attributes = [attribute_values(node) for node in self.nodes]
        self.targets = resize_targets(graph)
        self.input = next(item.name for item in graph.input if item.name not in self.weights)
        self.output = graph.output[0].name
        self.last_use = {
            name: number for number, node in enumerate(self.nodes) for name in node.input
        }

    def _read_weights(self, graph: onnx.GraphProto) -> dict[str, Tensor]:
        weights = {}
        for initializer in graph.initializer:
            array = numpy_helper.to_array(initializer)
            if array.dtype.kind != "f":
                continue
            tensor = torch.from_numpy(array.astype(np.float32)).to(self.device, self.dtype)
            if tensor.dim() == 4:
                tensor = tensor.contiguous(memory_format=torch.channels_last)
            weights[initializer.name] = tensor
        return weights

    @torch.inference_mode()
    def __call__(self, images: Tensor) -> Tensor:
        images = images.to(self.device, self.dtype)
        values = {self.input: images.contiguous(memory_format=torch.channels_last)}
        for number, node in enumerate(self.nodes):
            values[node.output[0]] = self._run(node, self.attributes[number], values)
            # Maps of 1024 x 1024 are large: each is dropped after its last use.
            for name in set(node.input):
                if self.last_use[name] == number:
                    values.pop(name, None)
        return values[self.output]

    def _run(
        self, node: onnx.NodeProto, attributes: dict[str, Any], values: dict[str, Tensor]
    ) -> Tensor:
        first = values[node.input[0]]
        match node.op_type:
            case "Conv":
                weight, bias = (self.weights[name] for name in node.input[1:3])
                padding = attributes["pads"][:2]
                strides = attributes["strides"]
                return F.conv2d(first, weight, bias, strides, padding, attributes["dilations"])
            case "Relu":
                return torch.relu(first)
            case "MaxPool":
                return F.max_pool2d(first, 2, 2, ceil_mode=True)
            case "Concat":
                return torch.cat([values[name] for name in node.input], 1)
            case "Add":
                return first + values[node.input[1]]
            case "Sigmoid":
                return torch.sigmoid(first.float())
            case "Cast":
                # The dtype is chosen once for the whole network, whatever the file says.
                return first
            case "Resize":
                size = self.targets[node.output[0]]
                return F.interpolate(first, size=size, mode="bilinear", align_corners=False)
        raise ValueError(f"unknown operator {node.op_type}: the teacher's file is not an IS-Net")
