"""smoke.py: runs every step of the training once, small, on the CPU, with images that it draws.

It takes no arguments and no data. It shows that the code works; the network is of no use.
"""

import os

# The steps are so small that more threads would only wait for one another.
os.environ["OMP_NUM_THREADS"] = "1"

import tempfile
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto
from onnx import helper
from onnx import numpy_helper
from PIL import Image
from PIL import ImageDraw

import augment
import export
import network as cutnet
import prepare
import train
from teacher import Teacher

WIDTH, HEIGHT = 160, 120
SUBJECTS = 8
SCENES = 3


def draw(random: np.random.Generator) -> tuple[Image.Image, Image.Image]:
    """A warm ellipse on a cool, noisy background, and its mask."""
    cool = np.array([40, 90, 160]) + random.integers(-30, 30, 3)
    slope = np.linspace(-20, 20, WIDTH)[None, :, None]
    noise = random.normal(0, 5, (HEIGHT, WIDTH, 3))
    image = Image.fromarray((cool + slope + noise).clip(0, 255).astype(np.uint8))
    left, top = random.integers(10, 50), random.integers(10, 40)
    right, bottom = left + random.integers(50, 90), top + random.integers(40, 70)
    box = [int(value) for value in (left, top, right, bottom)]
    warm = tuple(int(value) for value in np.array([220, 120, 50]) + random.integers(-20, 20, 3))
    mask = Image.new("L", image.size)
    ImageDraw.Draw(mask).ellipse(box, fill=255)
    ImageDraw.Draw(image).ellipse(box, fill=warm)
    return image, mask


def draw_background(random: np.random.Generator) -> Image.Image:
    """Cool noise without a subject."""
    cool = np.array([60, 120, 140]) + random.normal(0, 25, (HEIGHT, WIDTH, 3))
    return Image.fromarray(cool.clip(0, 255).astype(np.uint8))


def write_manifest(folder: Path, rows: list[tuple[str, str, str]]) -> None:
    """Writes a manifest.tsv with the file, mask and group of each row."""
    lines = ["file\tmask\tgroup\tsource"]
    lines += [f"{file}\t{mask}\t{group}\tdrawn" for file, mask, group in rows]
    (folder / "manifest.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")


def draw_folder(root: Path) -> None:
    """Draws a data folder with two subfolders: subjects with masks, and scenes."""
    random = np.random.default_rng(5)
    subjects, scenes = root / "subjects", root / "scenes"
    subjects.mkdir(parents=True)
    scenes.mkdir()
    rows = []
    for number in range(SUBJECTS):
        image, mask = draw(random)
        image.save(subjects / f"{number}.png")
        mask.save(subjects / f"{number}_mask.png")
        rows.append((f"{number}.png", f"{number}_mask.png", "open"))
    write_manifest(subjects, rows)
    for number in range(SCENES):
        draw_background(random).save(scenes / f"{number}.png")
    write_manifest(scenes, [(f"{number}.png", "", "background") for number in range(SCENES)])


def write_teacher(path: Path) -> None:
    """Writes an ONNX file with IS-Net's operators that takes warm pixels for the subject."""
    side = prepare.TEACHER_SIDE
    warmth = np.array([1, 0, -1], np.float16).reshape(1, 3, 1, 1)
    weights = {
        "near": np.broadcast_to(warmth / 9, (1, 3, 3, 3)),
        "here": warmth,
        "join": np.array([20, 20], np.float16).reshape(1, 2, 1, 1),
        "zero": np.zeros(1),
        "threshold": np.array([-4]),
    }
    numbers = {"start": [0], "end": [2], "size": [side, side]}
    node = helper.make_node

    def convolution(inputs: list[str], output: str, padding: int) -> onnx.NodeProto:
        pads = [padding] * 4
        return node("Conv", inputs, [output], strides=[1, 1], pads=pads, dilations=[1, 1])

    nodes = [
        node("Constant", [], [name], value=numpy_helper.from_array(np.array(value, np.int64)))
        for name, value in numbers.items()
    ] + [
        node("Cast", ["photo"], ["cast"], to=TensorProto.FLOAT16),
        node("MaxPool", ["cast"], ["pooled"], kernel_shape=[2, 2], strides=[2, 2], ceil_mode=1),
        convolution(["pooled", "near", "zero"], "smooth", 1),
        node("Relu", ["smooth"], ["positive"]),
        node("Shape", ["positive"], ["shape"]),
        node("Slice", ["shape", "start", "end"], ["counts"]),
        node("Concat", ["counts", "size"], ["sizes"], axis=0),
        node("Resize", ["positive", "", "", "sizes"], ["large"], mode="linear"),
        convolution(["cast", "here", "zero"], "fine", 0),
        node("Concat", ["large", "fine"], ["both"], axis=1),
        node("Add", ["both", "both"], ["twice"]),
        convolution(["twice", "join", "threshold"], "logits", 0),
        node("Sigmoid", ["logits"], ["probability"]),
        node("Cast", ["probability"], ["result"], to=TensorProto.FLOAT),
    ]
    graph = helper.make_graph(
        nodes,
        "teacher",
        [helper.make_tensor_value_info("photo", TensorProto.FLOAT, [1, 3, side, side])],
        [helper.make_tensor_value_info("result", TensorProto.FLOAT, [1, 1, side, side])],
        [numpy_helper.from_array(np.float16(value), name) for name, value in weights.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    onnx.checker.check_model(model, full_check=True)
    onnx.save(model, path)


def pixels(image: Image.Image, side: int) -> np.ndarray:
    """Values of an image stretched to a square, 1 x 3 x side x side in 0..255."""
    values = np.asarray(image.resize((side, side)), np.float32)
    return np.ascontiguousarray(values.transpose(2, 0, 1)[None])


def run(path: Path, image: np.ndarray) -> np.ndarray:
    """First output of an ONNX file in onnxruntime."""
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: image})[0]


def masks_become_labels(root: Path) -> None:
    """prepare.py without a teacher takes the masks as they are, and leaves backgrounds empty."""
    draw_folder(root / "data")
    prepare.main([str(root / "data"), str(root / "samples.pt"), "--workers", "1"])
    stored = torch.load(root / "samples.pt")
    samples = augment.load_samples(root / "samples.pt", "cpu")
    assert len(samples.subjects) == SUBJECTS and len(samples.backgrounds) == SCENES
    assert not stored["lab"][samples.backgrounds].any()
    mask = Image.open(root / "data/subjects/0_mask.png")
    mask = mask.resize((prepare.SIDE, prepare.SIDE), Image.Resampling.BILINEAR)
    assert np.array_equal(stored["lab"][samples.subjects[0]].numpy(), np.asarray(mask))


def teacher_matches_onnxruntime(root: Path) -> None:
    """The teacher in PyTorch gives what onnxruntime gives, up to onnxruntime's float16."""
    write_teacher(root / "teacher.onnx")
    image, _ = draw(np.random.default_rng(6))
    photo = (pixels(image, prepare.TEACHER_SIDE) - 128) / 256
    taught = Teacher(root / "teacher.onnx", torch.float32, "cpu")(torch.from_numpy(photo)).numpy()
    difference = np.abs(taught - run(root / "teacher.onnx", photo))
    assert taught.max() > 0.9 and taught.min() < 0.1 and difference.max() < 0.02, difference.max()


def labels_follow_the_rules(root: Path) -> None:
    """The teacher labels what has no mask; a person's mask wins where the two differ."""
    folder = root / "mixed/subjects"
    folder.mkdir(parents=True)
    image, mask = draw(np.random.default_rng(7))
    image.save(folder / "image.png")
    mask.save(folder / "same.png")
    mask.transpose(Image.Transpose.ROTATE_180).save(folder / "other.png")
    Image.new("L", image.size).save(folder / "empty.png")
    masks = ("", "same.png", "other.png", "empty.png")
    write_manifest(folder, [("image.png", name, "open") for name in masks])
    arguments = [str(root / "mixed"), str(root / "mixed.pt"), "--workers", "1"]
    teacher = ["--teacher", str(root / "teacher.onnx"), "--sheet", str(root / "sheet.jpg")]
    try:
        prepare.main(arguments)
    except SystemExit as error:
        assert "--teacher" in str(error)
    else:
        raise AssertionError("an image without a mask was accepted without a teacher")
    prepare.main([*arguments, *teacher])
    stored = torch.load(root / "mixed.pt")
    taught, same, other, empty = stored["lab"].float() / 255
    drawn = torch.from_numpy(np.asarray(mask.resize((512, 512))).copy()).float() / 255
    assert prepare.overlap(taught, drawn) > 0.9 and torch.equal(taught, same)
    assert prepare.overlap(other, drawn) < 0.9 and not empty.any()
    assert stored["ok"].tolist() == [True, True, True, False]
    assert stored["wt"][0] < 1 and stored["wt"][1] == 1


def batches_are_well_formed(root: Path) -> None:
    """A batch has the shapes and ranges that the network and the loss expect."""
    samples = augment.load_samples(root / "samples.pt", "cpu")
    batch = augment.Batches(samples, "cpu", seed=1).draw(10, 64)
    assert batch.images.shape == (10, 3, 64, 64) and batch.labels.shape == (10, 1, 64, 64)
    assert -127 / 128 <= batch.images.min() and batch.images.max() <= 1
    rounding = 1e-5  # of the interpolation
    assert -rounding <= batch.labels.min() and batch.labels.max() <= 1 + rounding
    # Two of ten have another background, and the first of them no subject.
    assert not batch.labels[0].any() and batch.labels[1].any()


def training_runs(root: Path) -> None:
    """A few steps at side 64 give a finite loss, and a second run goes on from their weights."""
    small = ["--batch", "2", "--sides", "64", "--device", "cpu"]
    samples, first, second = (str(root / name) for name in ("samples.pt", "first", "second"))
    loss = train.main([samples, first, "--steps", "6", *small])
    assert np.isfinite(loss)
    loss = train.main([samples, second, "--steps", "2", "--resume", f"{first}/cutnet.pt", *small])
    assert np.isfinite(loss)
    before = cutnet.load_checkpoint(root / "first/cutnet.pt").state_dict()
    after = cutnet.load_checkpoint(root / "second/cutnet.pt").state_dict()
    assert (root / "first/midway.pt").exists()
    assert any(not torch.equal(before[name], after[name]) for name in before)


def exports_agree(root: Path) -> None:
    """The ONNX file gives what PyTorch gives, at any side, and weights of 16 and 8 bits make it smaller."""
    checkpoint = root / "second/cutnet.pt"
    photo = str(next((root / "data/subjects").glob("*[0-9].png")))
    files = {}
    # The file carries its own name, so the second of the same bytes is in another folder.
    for name, options in (
        ("full", []),
        ("again/full", []),
        ("half", ["--weights", "16"]),
        ("quarter", ["--weights", "8", "--images", photo]),
    ):
        files[name] = root / f"{name}.onnx"
        files[name].parent.mkdir(exist_ok=True)
        export.main([str(checkpoint), str(files[name]), *options])
    assert files["full"].read_bytes() == files["again/full"].read_bytes()
    assert files["half"].stat().st_size < 0.6 * files["full"].stat().st_size
    assert files["quarter"].stat().st_size < 0.3 * files["full"].stat().st_size
    model = export.Probability(cutnet.load_checkpoint(checkpoint)).eval()
    image, _ = draw(np.random.default_rng(8))
    for side in (64, 96):
        values = (pixels(image, side) - 127) / 128
        with torch.inference_mode():
            expected = model(torch.from_numpy(values)).numpy()
        assert np.abs(run(files["full"], values) - expected).max() < 1e-4
        assert np.abs(run(files["half"], values) - expected).max() < 0.02
        assert np.abs(run(files["quarter"], values) - expected).mean() < 0.05


def main() -> None:
    """Runs the checks in order; each uses the files of those before it."""
    torch.set_num_threads(1)
    checks = (
        masks_become_labels,
        teacher_matches_onnxruntime,
        labels_follow_the_rules,
        batches_are_well_formed,
        training_runs,
        exports_agree,
    )
    with tempfile.TemporaryDirectory() as folder:
        for check in checks:
            check(Path(folder))
            print(f"ok: {check.__doc__}", flush=True)
    print(f"{len(checks)} passed, 0 failed")


if __name__ == "__main__":
    main()
