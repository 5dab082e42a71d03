"""export.py: writes a checkpoint as an ONNX file.

Input `image`: 1 x 3 x S x S, float32, RGB as (v - 127) / 128 with v in 0..255, S a multiple of 32.
Output `mask`: 1 x 1 x S x S, the probability of the subject, 0..1. Batch normalisation is folded
into the convolutions. The same checkpoint and versions of the packages give the same bytes.
"""

import argparse
import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto
from onnx import helper
from onnx import numpy_helper
from PIL import Image
from torch import Tensor
from torch import nn

from network import CutNet
from network import load_checkpoint

OPSET = 17
# Side of the images that biases are corrected by.
SIDE = 384
# How the network wants its image, as models/models.toml says it of known models; the file carries it in its metadata.
KEY = "cutout.model"
ENTRY = """name = "{name}"
file = "{name}.onnx"
side = 384
sides = 32
mean = [127.0, 127.0, 127.0]
std = [128.0, 128.0, 128.0]
scaling = "none"
output = "probability"
licence = ""
source = ""
note = ""
"""


class Probability(nn.Module):
    """The network as it is used: one output, in 0..1."""

    def __init__(self, network: CutNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, image: Tensor) -> Tensor:
        return torch.sigmoid(self.network(image)[0])


def to_onnx(network: CutNet) -> onnx.ModelProto:
    """ONNX model of a network, with weights in float32."""
    file = io.BytesIO()
    # The exporter by tracing (dynamo=False) needs no further package and keeps the side free.
    torch.onnx.export(
        Probability(network).eval(),
        (torch.zeros(1, 3, 384, 384),),
        file,
        input_names=["image"],
        output_names=["mask"],
        opset_version=OPSET,
        dynamo=False,
        dynamic_axes={name: {2: "side", 3: "side"} for name in ("image", "mask")},
    )
    return onnx.load_from_string(file.getvalue())


def as_float16(weight: onnx.TensorProto) -> onnx.TensorProto:
    """Weight in float16, under the same name."""
    values = numpy_helper.to_array(weight)
    if np.abs(values).max() > np.finfo(np.float16).max:
        raise ValueError(f"{weight.name} has values too large for float16")
    return numpy_helper.from_array(values.astype(np.float16), weight.name)


def as_int8(weight: onnx.TensorProto) -> tuple[onnx.TensorProto, onnx.TensorProto]:
    """Weight in whole numbers of -127..127, and the scale of each output channel."""
    values = numpy_helper.to_array(weight)
    largest = np.abs(values).max(axis=(1, 2, 3))
    scale = (np.maximum(largest, 1e-12) / 127).astype(np.float32)
    whole = np.rint(values / scale[:, None, None, None]).clip(-127, 127).astype(np.int8)
    return numpy_helper.from_array(whole, weight.name), numpy_helper.from_array(scale, f"{weight.name}_scale")


def shrink_weights(model: onnx.ModelProto, bits: int) -> None:
    """Stores the weights of the convolutions in 16 or 8 bits, each with an operator that makes float32 of it.

    A runtime does that once, as it loads the model, and computes in float32. The biases stay as they
    are: they take little space, and their errors would reach every pixel.
    """
    graph = model.graph
    initializers = {item.name: item for item in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "Conv":
            name = node.input[1]
            back = f"{name}_float32"
            if bits == 16:
                initializers[name].CopyFrom(as_float16(initializers[name]))
                nodes.append(helper.make_node("Cast", [name], [back], back, to=TensorProto.FLOAT))
            else:
                whole, scale = as_int8(initializers[name])
                initializers[name].CopyFrom(whole)
                graph.initializer.append(scale)
                inputs = [name, scale.name]
                nodes.append(helper.make_node("DequantizeLinear", inputs, [back], back, axis=0))
            node.input[1] = back
        nodes.append(node)
    # The list of nodes is rebuilt because each of them must stand before its convolution.
    copies = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(copies)


def mean_inputs(model: onnx.ModelProto, images: Sequence[Path]) -> dict[str, np.ndarray]:
    """Mean of each channel that each convolution reads, over images; by the convolution's name."""
    convolutions = [node for node in model.graph.node if node.op_type == "Conv"]
    names = sorted({node.input[0] for node in convolutions} - {"image"})
    watched = onnx.ModelProto.FromString(model.SerializeToString())
    watched.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    session = onnxruntime.InferenceSession(watched.SerializeToString(), providers=["CPUExecutionProvider"])
    sums: dict[str, np.ndarray] = {}
    for path in images:
        with Image.open(path) as image:
            pixels = np.asarray(image.convert("RGB").resize((SIDE, SIDE), Image.Resampling.LANCZOS))
        tensor = (pixels.transpose(2, 0, 1)[None].astype(np.float32) - 127) / 128
        maps = {"image": tensor} | dict(zip(names, session.run(names, {"image": tensor}), strict=True))
        for node in convolutions:
            mean = maps[node.input[0]].mean(axis=(0, 2, 3), dtype=np.float64)
            sums[node.name] = sums.get(node.name, 0) + mean / len(images)
    return sums


def correct_biases(exact: onnx.ModelProto, model: onnx.ModelProto, images: Sequence[Path]) -> None:
    """Takes out of the biases what rounding the weights to 8 bits adds to each channel's mean.

    Source: Nagel et al. 2019, Data-Free Quantization Through Weight Equalization and Bias Correction,
    with means that are measured.
    """
    means = mean_inputs(exact, images)
    weights = {item.name: numpy_helper.to_array(item) for item in exact.graph.initializer}
    shrunk = {item.name: item for item in model.graph.initializer}
    for node in exact.graph.node:
        if node.op_type != "Conv":
            continue
        weight, bias = node.input[1:3]
        scale = numpy_helper.to_array(shrunk[f"{weight}_scale"])[:, None, None, None]
        error = numpy_helper.to_array(shrunk[weight]) * scale - weights[weight]
        mean = means[node.name]
        # A depthwise convolution reads the channel of its number alone.
        reads = mean[None, :] if error.shape[1] == len(mean) else mean[:, None]
        shift = (error.sum(axis=(2, 3), dtype=np.float64) * reads).sum(axis=1)
        corrected = (weights[bias] - shift).astype(np.float32)
        shrunk[bias].CopyFrom(numpy_helper.from_array(corrected, bias))


def export(checkpoint: Path, out: Path, bits: int, images: Sequence[Path]) -> None:
    """Writes the ONNX file of a checkpoint and prints its sha256 and size."""
    model = to_onnx(load_checkpoint(checkpoint))
    exact = onnx.ModelProto.FromString(model.SerializeToString())
    if bits < 32:
        shrink_weights(model, bits)
    if images:
        correct_biases(exact, model, images)
    helper.set_model_props(model, {KEY: ENTRY.format(name=out.stem)})
    onnx.checker.check_model(model, full_check=True)
    content = model.SerializeToString(deterministic=True)
    out.write_bytes(content)
    print(f"sha256 {hashlib.sha256(content).hexdigest()}")
    print(f"{len(content)} bytes")


def main(arguments: Sequence[str] | None = None) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description="Writes a checkpoint as an ONNX file.")
    parser.add_argument("checkpoint", type=Path, help="checkpoint by train.py")
    parser.add_argument("out", type=Path, help="ONNX file to write")
    parser.add_argument(
        "--weights", type=int, choices=(8, 16, 32), default=32, help="bits of a weight; default: 32"
    )
    parser.add_argument(
        "--images",
        type=Path,
        nargs="+",
        default=[],
        help="with weights of 8 bits: photos by which biases are corrected for what rounding adds",
    )
    options = parser.parse_args(arguments)
    if options.images and options.weights != 8:
        parser.error("--images is for --weights 8")
    export(options.checkpoint, options.out, options.weights, options.images)


if __name__ == "__main__":
    main()
