// Draws the extension's icon: a square and a disc with the sign between them, as PNG.

import { zlibSync } from "fflate";

const SAMPLES = 4;
const GROUND = [15, 82, 145];
const NEUTRAL_GROUND = [79, 85, 91];

/** The icon at a size in pixels, as the bytes of a PNG. */
export function drawIcon(size, isNeutral = false) {
  const ground = isNeutral ? NEUTRAL_GROUND : GROUND;
  const rows = new Uint8Array(size * (1 + size * 4));
  for (let y = 0; y < size; y += 1)
    for (let x = 0; x < size; x += 1) {
      let shape = 0;
      let tile = 0;
      for (let sample = 0; sample < SAMPLES * SAMPLES; sample += 1) {
        const u = (x + ((sample % SAMPLES) + 0.5) / SAMPLES) / size;
        const v = (y + (Math.floor(sample / SAMPLES) + 0.5) / SAMPLES) / size;
        tile += isInRoundedSquare(u, v, 0, 0, 1, 0.2) ? 1 : 0;
        shape += isInShape(u, v) ? 1 : 0;
      }
      const white = shape / SAMPLES ** 2;
      const at = y * (1 + size * 4) + 1 + x * 4;
      ground.forEach((value, index) => {
        rows[at + index] = Math.round(value + (255 - value) * white);
      });
      rows[at + 3] = Math.round((tile / SAMPLES ** 2) * 255);
    }
  return png(size, rows);
}

const isInShape = (u, v) =>
  isInRoundedSquare(u, v, 0.12, 0.36, 0.28, 0.05) ||
  Math.hypot(u - 0.74, v - 0.5) < 0.14 ||
  (u > 0.45 && u < 0.55 && (Math.abs(v - 0.45) < 0.025 || Math.abs(v - 0.55) < 0.025));

function isInRoundedSquare(u, v, left, top, side, radius) {
  const dx = Math.max(left + radius - u, u - (left + side - radius), 0);
  const dy = Math.max(top + radius - v, v - (top + side - radius), 0);
  return Math.hypot(dx, dy) <= radius;
}

function png(size, rows) {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, size);
  view.setUint32(4, size);
  header.set([8, 6, 0, 0, 0], 8);
  const parts = [
    Uint8Array.of(137, 80, 78, 71, 13, 10, 26, 10),
    chunk("IHDR", header),
    chunk("IDAT", zlibSync(rows, { level: 9 })),
    chunk("IEND", new Uint8Array(0)),
  ];
  return Buffer.concat(parts);
}

function chunk(name, data) {
  const bytes = Buffer.alloc(12 + data.length);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(name, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc(bytes.subarray(4, 8 + data.length)), 8 + data.length);
  return bytes;
}

function crc(bytes) {
  let value = 0xffffffff;
  for (const byte of bytes) {
    value ^= byte;
    for (let bit = 0; bit < 8; bit += 1) value = (value >>> 1) ^ (value & 1 ? 0xedb88320 : 0);
  }
  return (value ^ 0xffffffff) >>> 0;
}
