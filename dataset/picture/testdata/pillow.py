"""What Pillow sees in image files of every kind: the central square after exif_transpose, composited on white.

Written to pillow.json: for each case its name, the file in base64, and Pillow's square as an 8-bit RGB PNG in base64: at its own size, or at 64 pixels by Image.BOX for the photographs.
Where Pillow does not follow the format's specification, the expected square is computed here from the pixels that were written; such a case says why under "not_pillow".

usage: python3 pillow.py        needs pillow and numpy; made with pillow 13.0.0
"""
import base64, io, json, pathlib, struct, zlib
import numpy as np
from PIL import Image, ImageOps, TiffImagePlugin

random = np.random.default_rng(1)
cases = []


def seen(file):
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(file)))
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image).astype(np.uint16) >> 8).astype(np.uint8))
    if image.mode in ("LA", "PA", "La", "RGBA", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGB", image.size, "white")
        ground.paste(image, mask=image.getchannel("A"))
        image = ground
    return np.asarray(image.convert("RGB"))


def square(pixels):
    height, width = pixels.shape[:2]
    side = min(width, height)
    left, top = (width - side) // 2, (height - side) // 2
    return pixels[top:top + side, left:left + side]


def text(data):
    return base64.b64encode(data).decode()


def case(name, file, expect=None, why=None, photo=False):
    """expect are pixels as seen, for what Pillow sees otherwise."""
    try:
        pillow = square(seen(file))
    except Exception as error:
        pillow = None
        print(f"{name}: Pillow says {error}")
    want = pillow if expect is None else square(expect)
    entry = {"name": name, "file": text(file)}
    if pillow is None or not np.array_equal(pillow, want):
        entry["not_pillow"] = why
    if photo:
        want = np.asarray(Image.fromarray(want).resize((64, 64), Image.Resampling.BOX))
    cases.append(entry | {"pixels": text(saved(Image.fromarray(want), format="PNG", optimize=True))})


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, **options)
    return out.getvalue()


def over_white(colours, alpha):
    """round(v*a/255 + 255*(255-a)/255), exactly"""
    v, a = colours.astype(np.int64), alpha.astype(np.int64)[..., None]
    return ((v * a + 255 * (255 - a) + 127) // 255).astype(np.uint8)


# tiny pictures, of odd and even sizes, wide and high
WIDTH, HEIGHT = 13, 8
def picture(width=WIDTH, height=HEIGHT, channels=3, high=256, smooth=False):
    y, x = np.mgrid[:height, :width]
    base = np.stack([(x * 17 + y * 5 + c * 60) % 256 if not smooth else 128 + 90 * np.sin((x + c) / 4) * np.cos(y / 5) for c in range(channels)], -1)
    noise = random.integers(-20, 21, base.shape) * (0 if smooth else 1)
    return ((base + noise).clip(0, 255) / 256 * high).astype(np.uint16 if high > 256 else np.uint8)


def alphas(width=WIDTH, height=HEIGHT):
    a = random.integers(0, 256, (height, width)).astype(np.uint8)
    a[0, :], a[1, :] = 0, 255
    a[:, width // 2] = 128
    return a


# PNG, every depth and kind, written here as Pillow writes neither all depths nor interlaced files
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(pixels, depth, kind, interlaced=False, before=(), after=()):
    """pixels [height, width, channels] in samples of depth bits"""
    height, width, channels = pixels.shape

    def rows(part):
        out = b""
        for i, row in enumerate(part):
            bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
            bits += "0" * (-len(bits) % 8)
            line = np.frombuffer(int(bits, 2).to_bytes(len(bits) // 8, "big"), np.uint8).astype(int)
            step = max(1, channels * depth // 8)
            before = np.zeros_like(line) if i == 0 else last
            left, corner = (np.concatenate([np.zeros(step, int), l])[:len(line)] for l in (line, before))
            p = left + before - corner
            near = np.abs(p - left), np.abs(p - before), np.abs(p - corner)
            paeth = np.where((near[0] <= near[1]) & (near[0] <= near[2]), left, np.where(near[1] <= near[2], before, corner))
            guess = [0 * line, left, before, (left + before) // 2, paeth][i % 5]
            out += bytes([i % 5]) + ((line - guess) % 256).astype(np.uint8).tobytes()
            last = line
        return out

    if interlaced:
        parts = [pixels[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        data = b"".join(rows(p) for p in parts if p.size)
    else:
        data = rows(pixels)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    packed = zlib.compress(data)
    half = len(packed) // 2
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
            + b"".join(chunk(*c) for c in before) + chunk(b"IDAT", packed[:half]) + chunk(b"IDAT", packed[half:])
            + b"".join(chunk(*c) for c in after) + chunk(b"IEND", b""))


GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
for interlaced in (False, True):
    how = "interlaced " if interlaced else ""
    for depth in (1, 2, 4, 8, 16):
        grey = picture(channels=1, high=1 << depth)
        shown = (grey.astype(int) * 255 // ((1 << depth) - 1) if depth < 16 else grey >> 8).astype(np.uint8)
        case(f"png {how}grey {depth}", png(grey, depth, GREY, interlaced),)
        clear = grey[4, 6, 0]
        alpha = np.where(grey[..., 0] == clear, 0, 255)
        trns = [(b"tRNS", struct.pack(">H", clear))]
        case(f"png {how}grey {depth} with tRNS", png(grey, depth, GREY, interlaced, trns), over_white(np.repeat(shown, 3, -1), alpha),
             "tRNS of grey is a sample of all bits (PNG 11.3.2.1)")
        if depth <= 8:
            colours = 1 << depth
            palette = random.integers(0, 256, (colours, 3)).astype(np.uint8)
            index = random.integers(0, colours, (HEIGHT, WIDTH, 1)).astype(np.uint8)
            plte = [(b"PLTE", palette.tobytes())]
            case(f"png {how}palette {depth}", png(index, depth, PALETTE, interlaced, plte))
            trns = random.integers(0, 256, max(1, colours - 1)).astype(np.uint8)
            case(f"png {how}palette {depth} with tRNS", png(index, depth, PALETTE, interlaced, plte + [(b"tRNS", trns.tobytes())]))
            greys = np.repeat(palette[:, :1], 3, 1)
            case(f"png {how}palette of greys {depth}", png(index, depth, PALETTE, interlaced, [(b"PLTE", greys.tobytes())]))
    for depth in (8, 16):
        rgb, grey = picture(high=1 << depth), picture(channels=1, high=1 << depth)
        alpha = (alphas()[..., None].astype(np.uint16) * 257 if depth == 16 else alphas()[..., None])
        if depth == 16:
            alpha = (alpha & 0xff00 | random.integers(0, 256, alpha.shape)).astype(np.uint16)
        case(f"png {how}rgb {depth}", png(rgb, depth, RGB, interlaced))
        rgb[2, :3] = rgb[4, 6]
        rgb[2, 3] = rgb[4, 6] ^ np.array([1, 0, 0], rgb.dtype)
        trns = [(b"tRNS", struct.pack(">HHH", *map(int, rgb[4, 6])))]
        clear = np.where((rgb == rgb[4, 6]).all(-1), 0, 255)
        case(f"png {how}rgb {depth} with tRNS", png(rgb, depth, RGB, interlaced, trns), over_white(rgb >> (depth - 8), clear), "tRNS of RGB is a colour of all bits (PNG 11.3.2.1)")
        case(f"png {how}grey alpha {depth}", png(np.concatenate([grey, alpha], -1), depth, GREY_ALPHA, interlaced))
        case(f"png {how}rgba {depth}", png(np.concatenate([rgb, alpha], -1), depth, RGBA, interlaced))

# orientations, of files wide and high with sides of odd difference: which half pixel is cut is that of the picture as seen
def tag(orientation):
    exif = Image.Exif()
    exif[274] = orientation
    return exif.tobytes()


for orientation in range(1, 9):
    for size in ((8, 5), (5, 8)):
        rgb = picture(*size)
        image = Image.fromarray(rgb)
        how = f"orientation {orientation} of {size[0]} x {size[1]}"
        case(f"png {how}", saved(image, format="PNG", exif=tag(orientation)))
        if orientation in (1, 3, 6, 8) or size[0] == 5:
            case(f"webp {how}", saved(image, format="WEBP", lossless=True, exact=True, exif=tag(orientation)))
            case(f"tiff {how}", saved(image, format="TIFF", compression="tiff_lzw", tiffinfo={274: orientation}))
    smooth = Image.fromarray(picture(25, 18, smooth=True))
    case(f"jpeg orientation {orientation}", saved(smooth, format="JPEG", quality=95, subsampling=0, exif=tag(orientation)))
case("jpeg rgb", saved(smooth, format="JPEG", quality=95, subsampling=0, keep_rgb=True))
ycck = [ImageOps.invert(channel) for channel in smooth.convert("YCbCr").split()] + [smooth.convert("L").point(lambda v: v // 3)]
ycck = saved(Image.merge("CMYK", ycck), format="JPEG", quality=95, subsampling=0)
at = ycck.index(b"Adobe") + 11 # its transform, from none to YCCK
case("jpeg ycck", ycck[:at] + b"\2" + ycck[at + 1:])
late = png(picture(), 8, RGB, after=[(b"eXIf", tag(6)[6:])])
case("png eXIf after the pixels", late)
motorola = b"Exif\0\0MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"
case("jpeg big-endian orientation", saved(Image.fromarray(picture(25, 18, smooth=True)), format="JPEG", quality=95, subsampling=0, exif=motorola))

# GIF: Pillow's encoder for whole frames; a frame within a larger screen by hand, its LZW codes all literal
def gif(screen, frame, index, palette, clear=None, interlaced=False, local=False):
    (left, top), (height, width) = frame, index.shape
    bits = (len(palette) - 1).bit_length() - 1
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0 if local else 0x80 | bits, 0, 0)
    if not local:
        out += palette.tobytes()
    if clear is not None:
        out += b"!\xf9\x04\x01\0\0" + bytes([clear]) + b"\0"
    out += b"!\xfe\x05hello\0" + b"," + struct.pack("<HHHHB", left, top, width, height, (0x80 | bits if local else 0) | (0x40 if interlaced else 0))
    if local:
        out += palette.tobytes()
    order = [*range(0, height, 8), *range(4, height, 8), *range(2, height, 4), *range(1, height, 2)] if interlaced else range(height)
    stream, n, codes = 0, 0, []
    for i, v in enumerate(v for y in order for v in index[y]):
        codes += ([256] if i % 200 == 0 else []) + [int(v)]
    for code in codes + [257]:
        stream |= code << n
        n += 9
    data = stream.to_bytes((n + 7) // 8, "little")
    blocks = b"".join(bytes([len(data[i:i + 255])]) + data[i:i + 255] for i in range(0, len(data), 255))
    return out + b"\x08" + blocks + b"\0;"


for colours in (2, 16, 256):
    palette = random.integers(0, 256, (colours, 3)).astype(np.uint8)
    index = random.integers(0, colours, (HEIGHT, WIDTH)).astype(np.uint8)
    case(f"gif {colours} colours", gif((WIDTH, HEIGHT), (0, 0), index, palette))
    case(f"gif {colours} colours interlaced", gif((WIDTH, HEIGHT), (0, 0), index, palette, interlaced=True))
    case(f"gif {colours} colours transparent", gif((WIDTH, HEIGHT), (0, 0), index, palette, clear=1))
    case(f"gif {colours} colours frame within the screen, transparent", gif((WIDTH + 5, HEIGHT + 7), (3, 2), index, palette, clear=1))
    white = np.full((HEIGHT + 7, WIDTH + 5, 3), 255, np.uint8)
    white[2:2 + HEIGHT, 3:3 + WIDTH] = palette[index]
    case(f"gif {colours} colours frame within the screen", gif((WIDTH + 5, HEIGHT + 7), (3, 2), index, palette, local=colours == 16), white,
         "what no frame covers is transparent, as in browsers; Pillow fills it with the first colour")
case("gif by Pillow", saved(Image.fromarray(picture(30, 20)).quantize(60), format="GIF"))
grey = picture(channels=1)[..., 0]
case("gif grey", saved(Image.fromarray(grey), format="GIF"))

# BMP
rgb, alpha = picture(), alphas()
case("bmp 24", saved(Image.fromarray(rgb), format="BMP"))
case("bmp 24 odd", saved(Image.fromarray(picture(7, 11)), format="BMP"))
case("bmp 8 grey", saved(Image.fromarray(grey), format="BMP"))
case("bmp 8 palette", saved(Image.fromarray(rgb).quantize(40), format="BMP"))
case("bmp 1", saved(Image.fromarray(grey).convert("1"), format="BMP"))
info = struct.pack("<IiiHHIIiiII", 40, WIDTH, HEIGHT, 1, 32, 0, 0, 0, 0, 0, 0)
case("bmp 32 padded", b"BM" + struct.pack("<IHHI", 54 + 4 * WIDTH * HEIGHT, 0, 0, 54) + info + np.dstack([rgb[::-1, :, ::-1], alpha[::-1]]).tobytes())


def bmp_masks(pixels, compression, top_down=False):
    height, width = pixels.shape[:2]
    info = struct.pack("<IiiHHIIiiII", 108, width, -height if top_down else height, 1, 32, compression, 0, 0, 0, 0, 0)
    info += struct.pack("<IIII", 0xff0000, 0xff00, 0xff, 0xff000000) + b"BGRs" + bytes(48)
    rows = pixels if top_down else pixels[::-1]
    return b"BM" + struct.pack("<IHHI", 14 + 108 + pixels.size, 0, 0, 14 + 108) + info + rows[..., [2, 1, 0, 3]].tobytes()


case("bmp 32 with alpha", bmp_masks(np.dstack([rgb, alpha]), 3))
case("bmp 32 with alpha, from the top", bmp_masks(np.dstack([rgb, alpha]), 3, True))
case("bmp 32 version 4 without masks", bmp_masks(np.dstack([rgb, alpha]), 0))
four = random.integers(0, 16, (HEIGHT, WIDTH + 1)).astype(np.uint8)
rows = b"".join((four[y, ::2] << 4 | np.append(four[y, 1::2], 0)[:len(four[y, ::2])]).tobytes().ljust(8, b"\0") for y in range(HEIGHT)[::-1])
table = np.dstack([random.integers(0, 256, (1, 16, 3)), np.zeros((1, 16, 1))]).astype(np.uint8).tobytes()
case("bmp 4", b"BM" + struct.pack("<IHHI", 54 + 64 + len(rows), 0, 0, 54 + 64) + struct.pack("<IiiHHIIiiII", 40, WIDTH + 1, HEIGHT, 1, 4, 0, 0, 0, 0, 16, 0) + table + rows)

# TIFF
for compression in (None, "tiff_lzw", "tiff_adobe_deflate", "packbits"):
    how = compression or "plain"
    case(f"tiff rgb {how}", saved(Image.fromarray(rgb), format="TIFF", compression=compression))
    case(f"tiff grey {how}", saved(Image.fromarray(grey), format="TIFF", compression=compression))
    case(f"tiff palette {how}", saved(Image.fromarray(rgb).quantize(30), format="TIFF", compression=compression))
    case(f"tiff rgba {how}", saved(Image.fromarray(np.dstack([rgb, alpha])), format="TIFF", compression=compression))
    case(f"tiff grey 16 {how}", saved(Image.fromarray(picture(channels=1, high=1 << 16)[..., 0]), format="TIFF", compression=compression))
    case(f"tiff 1 {how}", saved(Image.fromarray(grey).convert("1"), format="TIFF", compression=compression))
case("tiff 1 group 4", saved(Image.fromarray(grey).convert("1"), format="TIFF", compression="group4"))
case("tiff 1 group 3", saved(Image.fromarray(grey).convert("1"), format="TIFF", compression="group3"))
fax = saved(Image.fromarray(grey).convert("1"), format="TIFF", compression="group4", tiffinfo={262: 0})
case("tiff 1 group 4, white is zero", fax)
case("tiff rgb lzw with predictor", saved(Image.fromarray(rgb), format="TIFF", compression="tiff_lzw", tiffinfo={317: 2}))
case("tiff rgb in strips", saved(Image.fromarray(rgb), format="TIFF", compression="tiff_lzw", tiffinfo={278: 4}, strip_size=130))


def tiff(pixels, order, entries, tile=None, rows=None, pack=lambda b: b, compression=1):
    """pixels [height, width, channels]; entries beside those of the layout"""
    height, width, channels = pixels.shape
    pixels = pixels.astype(pixels.dtype.newbyteorder(order))
    if tile:
        padded = np.pad(pixels, ((0, -height % tile), (0, -width % tile), (0, 0)))
        parts = [padded[y:y + tile, x:x + tile] for y in range(0, height, tile) for x in range(0, width, tile)]
    else:
        parts = [pixels[y:y + (rows or height)] for y in range(0, height, rows or height)]
    parts = [pack(p.tobytes()) for p in parts]
    tags = {256: (4, [width]), 257: (4, [height]), 258: (3, [8 * pixels.itemsize] * channels), 259: (3, [compression]), 277: (3, [channels])} | entries
    where = np.cumsum([8] + [len(p) + len(p) % 2 for p in parts])
    if tile:
        tags |= {322: (3, [tile]), 323: (3, [tile]), 324: (4, where[:-1]), 325: (4, [len(p) for p in parts])}
    else:
        tags |= {273: (4, where[:-1]), 278: (3, [rows or height]), 279: (4, [len(p) for p in parts])}
    body = b"".join(p + b"\0" * (len(p) % 2) for p in parts)
    at = 8 + len(body)
    extra, directory, beyond = b"", b"", at + 2 + 12 * len(tags) + 4
    for t in sorted(tags):
        kind, values = tags[t]
        data = struct.pack(order + {3: "H", 4: "I"}[kind] * len(values), *map(int, values))
        if len(data) > 4:
            place, extra = beyond + len(extra), extra + data
            data = struct.pack(order + "I", place)
        directory += struct.pack(order + "HHI", t, kind, len(values)) + data.ljust(4, b"\0")
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", at)
    return head + body + struct.pack(order + "H", len(tags)) + directory + b"\0\0\0\0" + extra


wide = picture(21, 18)
big_alpha = alphas(21, 18)[..., None]
for order, name in (("<", "little"), (">", "big")):
    case(f"tiff tiled {name}-endian", tiff(wide, order, {262: (3, [2])}, tile=16))
    case(f"tiff tiled deflate {name}-endian", tiff(wide, order, {262: (3, [2])}, tile=16, pack=zlib.compress, compression=8))
    deep = picture(21, 18, high=1 << 16)
    case(f"tiff rgb 16 {name}-endian", tiff(deep, order, {262: (3, [2])}, rows=5))
    deep_alpha = (alphas(21, 18)[..., None].astype(np.uint16) << 8 | 77).astype(np.uint16)
    case(f"tiff rgba 16 {name}-endian", tiff(np.concatenate([deep, deep_alpha], -1), order, {262: (3, [2]), 338: (3, [2])}, rows=5))
inverse = picture(channels=1)
case("tiff white is zero", tiff(inverse, "<", {262: (3, [0])}))
unassociated = np.concatenate([wide, big_alpha], -1)
case("tiff rgba unassociated", tiff(unassociated, "<", {262: (3, [2]), 338: (3, [2])}, rows=7))
premultiplied = np.concatenate([(wide * (big_alpha / 255)).astype(np.uint8), big_alpha], -1)
case("tiff rgba associated", tiff(premultiplied, "<", {262: (3, [2]), 338: (3, [1])}, rows=7), premultiplied[..., :3] + (255 - big_alpha),
     "Pillow divides by alpha first and rounds twice")

# WebP without loss
case("webp lossless rgb", saved(Image.fromarray(picture(19, 16)), format="WEBP", lossless=True))
case("webp lossless rgba", saved(Image.fromarray(np.dstack([picture(19, 16), alphas(19, 16)])), format="WEBP", lossless=True, exact=True))
case("webp lossless few colours", saved(Image.fromarray(np.dstack([rgb // 64 * 64, alpha // 128 * 255])), format="WEBP", lossless=True, exact=True))

# photographs, at 64 pixels, which is half their height as BOX weights whole pixels alone: broad shapes, edges, and noise
y, x = np.mgrid[:128, :160]
photo = np.stack([120 + 80 * np.sin(x / 31 + c) + 50 * np.cos(y / (17 + 5 * c)) + 40 * ((x - 90) ** 2 + (y - 55) ** 2 < (600 + 200 * c)) for c in range(3)], -1)
photo = Image.fromarray((photo + random.normal(0, 3, photo.shape)).clip(0, 255).astype(np.uint8))
fade = np.clip(255 - np.hypot(x - 80, y - 64) * 3, 0, 255).astype(np.uint8)
for name, sampling in (("4:4:4", 0), ("4:2:2", 1), ("4:2:0", 2)):
    case(f"jpeg {name} photograph", saved(photo, format="JPEG", quality=80, subsampling=sampling), photo=True)
case("jpeg progressive photograph", saved(photo, format="JPEG", quality=80, progressive=True, optimize=True), photo=True)
case("jpeg grey photograph", saved(photo.convert("L"), format="JPEG", quality=80), photo=True)
case("jpeg cmyk photograph", saved(photo.convert("CMYK"), format="JPEG", quality=70), photo=True)
case("webp photograph", saved(photo, format="WEBP", quality=80), photo=True)
case("webp alpha photograph", saved(Image.fromarray(np.dstack([np.asarray(photo), fade])), format="WEBP", quality=80), photo=True)

lines = ",\n".join(json.dumps(c) for c in cases)
pathlib.Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")
print(len(cases), "cases")
