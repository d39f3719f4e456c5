// A film for the fake camera: a texture that moves, and noise, so that encoders need the bit rates that they are allowed.

export interface Film {
  width: number;
  height: number;
  framesPerSecond: number;
  frames: number;
}

const GREY = 128;
/** How far the texture moves from one frame to the next, in pixels. */
const STEP = { x: 5, y: 2 };
const TEXTURE = 512;
/** Neighbouring pixels of the texture are alike over so many. */
const GRAIN = 4;
const NOISE = 12;

/** As YUV4MPEG2, which Chromium shows in a loop. Always the same. */
export function filmOf({ width, height, framesPerSecond, frames }: Film): Buffer {
  const random = numbers();
  const texture = Uint8Array.from({ length: (TEXTURE / GRAIN) ** 2 }, () => 40 + random() * 176);
  const parts = [
    Buffer.from(`YUV4MPEG2 W${width} H${height} F${framesPerSecond}:1 Ip A1:1 C420\n`),
  ];
  // No colour: a quarter of the pixels each, twice.
  const colour = Buffer.alloc((width * height) / 2, GREY);
  for (let frame = 0; frame < frames; frame++) {
    const light = Buffer.alloc(width * height);
    for (let at = 0; at < light.length; at++) {
      const x = ((at % width) + frame * STEP.x) % TEXTURE;
      const y = (Math.floor(at / width) + frame * STEP.y) % TEXTURE;
      const grain = Math.floor(y / GRAIN) * (TEXTURE / GRAIN) + Math.floor(x / GRAIN);
      light[at] = (texture[grain] ?? GREY) + (random() - 0.5) * NOISE;
    }
    parts.push(Buffer.from('FRAME\n'), light, colour);
  }
  return Buffer.concat(parts);
}

/** From 0 to 1; the same ones each time (Numerical Recipes' linear congruence). */
function numbers(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
