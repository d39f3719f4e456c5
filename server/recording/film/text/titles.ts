// What is drawn on a film besides pictures, as ASS files for libass: cards beneath pictures, names and corners above.
import type { Rect, Size } from '../layouts.ts';
import type { Scene, Tile } from '../scenes.ts';
import { FPS } from '../takes.ts';
import { assText, initialsOf, shortened } from './lettering.ts';

/** RRGGBB. */
export const BACKGROUND = '14161a';
const CARD = '23272e';
const SCREEN_CARD = '0b0c0e';
const INITIALS = 'ffffff';
const AVATARS = ['3f6f8f', '7a5c8a', '4d7c62', '8f6a45', '5b6aa0', '8a4f5e', '4f7f86', '74743f'];

/** Fontconfig takes another font for characters that this one has not, and where it is not installed. */
const FONT = 'Noto Sans';

/** libass counts in hundredths. A frame begins after the time that is cut down to one. */
function time(frame: number): string {
  const hundredths = Math.floor((frame * 100) / FPS);
  const two = (value: number) => String(Math.floor(value)).padStart(2, '0');
  const seconds = hundredths / 100;
  return `${Math.floor(seconds / 3_600)}:${two((seconds / 60) % 60)}:${two(seconds % 60)}.${two(hundredths % 100)}`;
}

/** ASS has blue first. */
const colour = (rgb: string) => `&H${rgb.slice(4, 6)}${rgb.slice(2, 4)}${rgb.slice(0, 2)}&`;

/** Pixels. Small tiles have small names, which leave the picture free. */
function fontOf(rect: Rect, size: Size): number {
  return Math.max(9, Math.round(Math.min(size.height * 0.036, rect.height * 0.13)));
}

function file(size: Size, events: readonly string[]): string {
  const font = Math.max(9, Math.round(size.height * 0.036));
  const style = (name: string, rest: string) =>
    `Style: ${name},${FONT},${font},&H00FFFFFF,&H00FFFFFF,${rest},1`;
  return [
    '[Script Info]',
    'ScriptType: v4.00+',
    `PlayResX: ${size.width}`,
    `PlayResY: ${size.height}`,
    'WrapStyle: 2',
    'ScaledBorderAndShadow: yes',
    'YCbCr Matrix: None',
    '',
    '[V4+ Styles]',
    'Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding',
    style('Shape', '&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,7,0,0,0'),
    style('Initials', '&H00000000,&H00000000,0,0,0,0,100,100,0,0,1,0,0,5,0,0,0'),
    style('Name', `&H70101214,&H70101214,0,0,0,0,100,100,0,0,4,0,4,1,0,0,0`),
    '',
    '[Events]',
    'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
    ...events,
    '',
  ].join('\n');
}

function event(layer: number, scene: Scene, style: string, text: string): string {
  return `Dialogue: ${layer},${time(scene.from)},${time(scene.to)},${style},,0,0,0,,${text}`;
}

const shape = (rgb: string, path: string) => `{\\an7\\pos(0,0)\\1c${colour(rgb)}\\p1}${path}{\\p0}`;

/** As far as a curve's handles are from its ends, of the radius, to be a part of a circle. */
const ROUND = 0.5523;
const at = (...numbers: number[]) => numbers.map((each) => Math.round(each * 10) / 10).join(' ');

function rounded({ x, y, width, height }: Rect, r: number): string {
  const [right, bottom, k] = [x + width, y + height, r * (1 - ROUND)];
  return [
    `m ${at(x + r, y)} l ${at(right - r, y)}`,
    `b ${at(right - k, y, right, y + k, right, y + r)} l ${at(right, bottom - r)}`,
    `b ${at(right, bottom - k, right - k, bottom, right - r, bottom)} l ${at(x + r, bottom)}`,
    `b ${at(x + k, bottom, x, bottom - k, x, bottom - r)} l ${at(x, y + r)}`,
    `b ${at(x, y + k, x + k, y, x + r, y)}`,
  ].join(' ');
}

/** What a round corner leaves out. */
function corners({ x, y, width, height }: Rect, r: number): string[] {
  const k = r * (1 - ROUND);
  return [
    [x, y, 1, 1] as const,
    [x + width, y, -1, 1] as const,
    [x, y + height, 1, -1] as const,
    [x + width, y + height, -1, -1] as const,
  ].map(
    ([cx, cy, dx, dy]) =>
      `m ${at(cx, cy)} l ${at(cx + dx * r, cy)} b ${at(cx + dx * k, cy, cx, cy + dy * k, cx, cy + dy * r)}`,
  );
}

const radiusOf = (size: Size) => Math.max(3, Math.round(size.height / 60));

function avatarOf(participantId: string): string {
  let sum = 0;
  for (const character of participantId) sum = (sum * 31 + character.charCodeAt(0)) % 65_521;
  return AVATARS[sum % AVATARS.length] ?? CARD;
}

function cardEvents(scene: Scene, tile: Tile, size: Size): string[] {
  const { rect, isScreen, name, participantId } = tile;
  const ground = event(
    0,
    scene,
    'Shape',
    shape(isScreen ? SCREEN_CARD : CARD, rounded(rect, radiusOf(size))),
  );
  if (isScreen) return [ground];
  const r = Math.round(Math.min(rect.width, rect.height) * 0.21);
  // A little above the middle: the name is below.
  const [x, y] = [rect.x + rect.width / 2, Math.round(rect.y + rect.height * 0.46)];
  const circle = rounded({ x: x - r, y: y - r, width: 2 * r, height: 2 * r }, r);
  const initials = assText(initialsOf(name));
  return [
    ground,
    event(1, scene, 'Shape', shape(avatarOf(participantId), circle)),
    event(
      2,
      scene,
      'Initials',
      `{\\an5\\pos(${x},${y})\\fs${Math.round(r * 0.95)}\\1c${colour(INITIALS)}}${initials}`,
    ),
  ];
}

/** Beneath the pictures: a card for each tile, seen where there is no picture. */
export function cards(scenes: readonly Scene[], size: Size): string {
  return file(
    size,
    scenes.flatMap((scene) => scene.tiles.flatMap((tile) => cardEvents(scene, tile, size))),
  );
}

function nameEvents(scene: Scene, { rect, name, isScreen }: Tile, size: Size): string[] {
  const font = fontOf(rect, size);
  const box = Math.max(2, Math.round(font * 0.28));
  const margin = Math.round(font * 0.7);
  const text = shortened(name, (rect.width - 2 * margin) / font);
  const clip = `\\clip(${rect.x},${rect.y},${rect.x + rect.width},${rect.y + rect.height})`;
  const position = `\\pos(${rect.x + margin},${rect.y + rect.height - Math.round(margin * 0.8)})`;
  return [
    ...corners(rect, radiusOf(size)).map((path) =>
      event(0, scene, 'Shape', shape(BACKGROUND, path)),
    ),
    ...(text === '' || isScreen
      ? []
      : [
          event(
            1,
            scene,
            'Name',
            `{\\an1${position}${clip}\\fs${font}\\shad${box}}${assText(text)}`,
          ),
        ]),
  ];
}

/** Above the pictures: names, and corners that make them round. */
export function names(scenes: readonly Scene[], size: Size): string {
  return file(
    size,
    scenes.flatMap((scene) => scene.tiles.flatMap((tile) => nameEvents(scene, tile, size))),
  );
}
