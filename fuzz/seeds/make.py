"""Small images of every kind that a writer makes, ICC profiles and EXIF, to begin fuzzing with. Needs requirements.txt. Usage: make.py"""

import io
import struct
from pathlib import Path

import numpy
import tifffile
from PIL import Image, ImageCms

HERE = Path(__file__).parent
SIZE = (19, 13)


def main():
    x, y = numpy.meshgrid(numpy.arange(SIZE[0]), numpy.arange(SIZE[1]))
    values = numpy.stack([x * 13, y * 19, x * y, 255 - x * 9 % 200], -1).astype(numpy.uint8)
    rgba = Image.fromarray(values)
    rgb, grey, inks = rgba.convert("RGB"), rgba.convert("L"), rgba.convert("RGB").convert("CMYK")
    palette, two = rgb.quantize(7), grey.convert("1")
    exif = big_exif()
    icc = profiles()
    save("icc", "icc", icc)
    save("exif", "exif", {"mm": exif[6:], "ii": little_exif()})
    full = {"exif": exif, "icc_profile": icc["srgb"]}
    save("jpeg", "jpg", {
        "plain": file(rgb, "JPEG", quality=40),
        "full": file(rgb, "JPEG", quality=80, subsampling=0, dpi=(72, 72), **full),
        "progressive": file(rgb, "JPEG", quality=60, progressive=True),
        "grey": file(grey, "JPEG", quality=30, progressive=True),
        "inks": file(inks, "JPEG", quality=30),
        "restart": file(rgb, "JPEG", quality=30, restart_marker_blocks=1),
        "kept": file(rgb, "JPEG", quality=30, keep_rgb=True),
    })
    save("png", "png", {
        "rgb": file(rgb, "PNG", **full, dpi=(72, 72)),
        "rgba": file(rgba, "PNG"),
        "palette": file(palette, "PNG", transparency=1),
        "two": file(two, "PNG"),
        "wide": file(Image.fromarray(values[..., 0].astype(numpy.uint16) * 257), "PNG"),
    })
    frames = {"save_all": True, "append_images": [rgba.rotate(90), rgba.rotate(180)]}
    save("webp", "webp", {
        "lossy": file(rgb, "WEBP", quality=30),
        "alpha": file(rgba, "WEBP", quality=30, **full),
        "lossless": file(rgba, "WEBP", lossless=True, exact=True),
        "palette": file(palette.convert("RGB"), "WEBP", lossless=True),
        "animated": file(rgba, "WEBP", quality=20, **frames),
    })
    save("gif", "gif", {
        "plain": file(palette, "GIF"),
        "two": file(two, "GIF"),
        "animated": file(palette, "GIF", save_all=True, append_images=[palette.rotate(180)], transparency=1),
    })
    save("bmp", "bmp", {
        "rgb": file(rgb, "BMP"),
        "palette": file(palette, "BMP"),
        "two": file(two, "BMP"),
        "rgba": file(rgba, "BMP"),
    })
    tiff(values, {"rgb": rgb, "grey": grey, "inks": inks, "palette": palette, "two": two}, icc["srgb"])


def tiff(values, images, profile):
    """Files of Pillow, and those that it cannot write."""
    made = {
        "lzw": file(images["rgb"], "TIFF", compression="tiff_lzw", icc_profile=profile, dpi=(72, 72)),
        "deflate": file(images["grey"], "TIFF", compression="tiff_adobe_deflate"),
        "packbits": file(images["palette"], "TIFF", compression="packbits"),
        "jpeg": file(images["rgb"], "TIFF", compression="jpeg"),
        "inks": file(images["inks"], "TIFF"),
        "fax2": file(images["two"], "TIFF", compression="tiff_ccitt"),
        "fax3": file(images["two"], "TIFF", compression="group3"),
        "fax4": file(images["two"], "TIFF", compression="group4"),
    }
    small = values[..., :3]
    kinds = {
        "tiles": {"data": small, "tile": (16, 16), "photometric": "rgb"},
        "planes": {"data": numpy.moveaxis(small, -1, 0).copy(), "planarconfig": "separate", "photometric": "rgb"},
        "alpha": {"data": values, "extrasamples": ["assocalpha"], "photometric": "rgb"},
        "wide": {"data": small.astype(numpy.uint16) * 257, "byteorder": ">", "photometric": "rgb", "rowsperstrip": 5},
        "float": {"data": small[..., 0].astype(numpy.float32) / 255, "photometric": "minisblack"},
        "half": {"data": small[..., 0].astype(numpy.float16) / 255, "photometric": "miniswhite"},
        "deep": {"data": small[..., 0].astype(numpy.uint32) << 24, "bigtiff": True, "photometric": "minisblack"},
    }
    for name, how in kinds.items():
        out = io.BytesIO()
        opened = {key: how.pop(key) for key in ("bigtiff", "byteorder") if key in how}
        with tifffile.TiffWriter(out, **opened) as writer:
            writer.write(how.pop("data"), metadata=None, software=False, **how)
        made[name] = out.getvalue()
    save("tiff", "tif", made)


def file(image, kind, **how):
    out = io.BytesIO()
    image.save(out, kind, **how)
    return out.getvalue()


def profiles():
    return {
        "srgb": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes(),
        "lab": ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes(),
        "grey": grey_profile(),
    }


def grey_profile():
    """A profile of grey with a curve, as ICC.1:2022 has it."""
    curve = b"curv" + struct.pack(">IIH", 0, 1, 563)
    white = b"XYZ " + struct.pack(">Iiii", 0, 63190, 65536, 54061)
    tags = [(b"kTRC", curve + b"\0\0"), (b"wtpt", white)]
    head, body = struct.pack(">I", len(tags)), b""
    for name, data in tags:
        head += name + struct.pack(">II", 128 + 4 + 12 * len(tags) + len(body), len(data))
        body += data
    size = 128 + len(head) + len(body)
    header = struct.pack(">I4sI4s4s4s", size, b"test", 0x04000000, b"mntr", b"GRAY", b"XYZ ")
    header = header.ljust(36, b"\0") + b"acsp"
    header = header.ljust(68, b"\0") + struct.pack(">iii", 63190, 65536, 54061)
    return header.ljust(128, b"\0") + head + body


def big_exif():
    """EXIF with the most significant byte first, as Pillow writes it, behind its name."""
    exif = Image.Exif()
    exif.update({0x112: 6, 0x11A: 300.0, 0x11B: 300.0, 0x128: 2, 0x10E: "text"})
    exif.get_ifd(0x8769)[0xA001] = 65535
    return exif.tobytes()


def little_exif():
    entries = [(0x112, 3, 1, 8), (0x11A, 5, 1, 50), (0x128, 3, 1, 2)]
    out = b"II*\0" + struct.pack("<IH", 8, len(entries))
    for entry in entries:
        out += struct.pack("<HHII", *entry)
    return out + struct.pack("<I", 0) + struct.pack("<II", 300, 1)


def save(folder, end, files):
    (HERE / folder).mkdir(exist_ok=True)
    for name, data in files.items():
        (HERE / folder / f"{name}.{end}").write_bytes(data)


main()
