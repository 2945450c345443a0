// Makes the PNG of a screenshot small: at most 256 colours, packed as well as zlib can.
import zlib from 'node:zlib';

const kSignature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

/** Takes 8-bit RGB or RGBA without interlacing, which is what Chromium writes. */
export function smallPng(png) {
  const {width, height, pixels} = decoded(png);
  return encoded(width, height, withPalette(pixels));
}

function decoded(png) {
  const data = [];
  let header;
  for (let at = kSignature.length; at < png.length;) {
    const length = png.readUInt32BE(at);
    const type = png.toString('latin1', at + 4, at + 8);
    const body = png.subarray(at + 8, at + 8 + length);
    if (type === 'IHDR') header = body;
    if (type === 'IDAT') data.push(body);
    at += length + 12;
  }
  const [width, height] = [header.readUInt32BE(0), header.readUInt32BE(4)];
  const channels = {2: 3, 6: 4}[header[9]];
  if (header[8] !== 8 || !channels || header[12] !== 0) throw new Error('a PNG of another kind');
  return {
    width,
    height,
    pixels: unfiltered(zlib.inflateSync(Buffer.concat(data)), width, height, channels),
  };
}

/** Undoes the filters (PNG specification, section 9.2); gives 0xRRGGBB a pixel. */
function unfiltered(raw, width, height, channels) {
  const stride = width * channels;
  const pixels = new Uint32Array(width * height);
  let above = new Uint8Array(stride);
  for (let y = 0; y < height; ++y) {
    const filter = raw[y * (stride + 1)];
    const row = Uint8Array.from(raw.subarray(y * (stride + 1) + 1, (y + 1) * (stride + 1)));
    for (let x = 0; x < stride; ++x) {
      const left = x >= channels ? row[x - channels] : 0;
      const corner = x >= channels ? above[x - channels] : 0;
      row[x] += [0, left, above[x], (left + above[x]) >> 1, paeth(left, above[x], corner)][filter];
    }
    for (let x = 0; x < width; ++x) {
      const at = x * channels;
      pixels[y * width + x] = (row[at] << 16) | (row[at + 1] << 8) | row[at + 2];
    }
    above = row;
  }
  return pixels;
}

function paeth(left, above, corner) {
  const [a, b, c] = [left, above, corner].map((each) => Math.abs(left + above - corner - each));
  return a <= b && a <= c ? left : b <= c ? above : corner;
}

/**
 * 256 colours: half the most frequent, half the ones that these are farthest from, so that a small
 * mark keeps its colour; all others (edges of letters) become the nearest.
 */
function withPalette(pixels) {
  const counts = new Map();
  for (const pixel of pixels) counts.set(pixel, (counts.get(pixel) ?? 0) + 1);
  const byCount = [...counts.keys()].sort((a, b) => counts.get(b) - counts.get(a));
  const colors = byCount.slice(0, 128);
  const others = byCount.slice(128);
  const gaps = others.map((color) => Math.min(...colors.map((each) => distance(each, color))));
  while (colors.length < Math.min(256, byCount.length)) {
    const farthest = others[gaps.indexOf(gaps.reduce((a, b) => Math.max(a, b)))];
    colors.push(farthest);
    others.forEach((color, at) => (gaps[at] = Math.min(gaps[at], distance(farthest, color))));
  }
  const indexOf = new Map(byCount.map((color) => [color, nearest(colors, color)]));
  return {colors, indices: Uint8Array.from(pixels, (pixel) => indexOf.get(pixel))};
}

function nearest(colors, color) {
  let best = 0;
  for (let index = 1; index < colors.length; ++index)
    if (distance(colors[index], color) < distance(colors[best], color)) best = index;
  return best;
}

function distance(a, b) {
  const part = (shift) => ((a >> shift) & 255) - ((b >> shift) & 255);
  return part(16) ** 2 + part(8) ** 2 + part(0) ** 2;
}

function encoded(width, height, {colors, indices}) {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 3, 0, 0, 0], 8);
  const palette = Buffer.from(
    colors.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]),
  );
  const raw = Buffer.alloc(height * (width + 1));
  for (let y = 0; y < height; ++y)
    raw.set(indices.subarray(y * width, (y + 1) * width), y * (width + 1) + 1);
  return Buffer.concat([
    kSignature,
    chunk('IHDR', header),
    chunk('PLTE', palette),
    chunk('IDAT', zlib.deflateSync(raw, {level: 9, memLevel: 9})),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(type, body) {
  const typed = Buffer.concat([Buffer.from(type, 'latin1'), body]);
  const out = Buffer.alloc(typed.length + 8);
  out.writeUInt32BE(body.length, 0);
  out.set(typed, 4);
  out.writeUInt32BE(crc(typed), typed.length + 4);
  return out;
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; ++bit) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return ~value >>> 0;
}
