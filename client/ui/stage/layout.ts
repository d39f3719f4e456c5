// The place of every tile: a pure function from tiles and a viewport to rectangles.

/** CSS pixels. */
export interface Size {
  width: number;
  height: number;
}

export interface Rect extends Size {
  x: number;
  y: number;
}

/**
 * `grid`: among the others. `stage`: large, with the others in a strip beside it. `float`: small,
 * over the others, in the corner next to the toolbar.
 */
export type TileRole = 'grid' | 'stage' | 'float';

export interface TileShape {
  id: string;
  role: TileRole;
  /** Width divided by height of a picture that must not be cropped. It keeps this shape on the stage. */
  aspect?: number;
}

export interface Placement extends Rect {
  id: string;
  role: TileRole;
}

export interface Layout {
  /** One for each tile on this page, in the given order. */
  placements: Placement[];
  /** The page shown, from 0. */
  page: number;
  pages: number;
  /** Tiles of the grid on a full page. */
  perPage: number;
}

export const GAP = 8;
/** The height at the lower edge of the buttons that turn pages, where there are several. */
const PAGER_HEIGHT = 48;
const WIDE = 16 / 9;
/** Below this, in either direction, a viewport is a phone's. */
const COMPACT = 500;
/** From this on a viewport is a large window's, also with a panel beside the stage. */
const LARGE: Size = { width: 1400, height: 700 };
/** A smaller tile shows neither a face nor a name. */
const READABLE: Size = { width: 176, height: 99 };
/** The tiles of a page, by the size of the viewport: the most that are readable. */
const CAPACITIES = { large: [49, 36, 25, 16], middling: [16, 9, 6], compact: [6, 4] } as const;
/** A strip beside the stage is short. Its tiles are small, and more than these distract. */
const STRIP_CAPACITY = 16;

function isCompact({ width, height }: Size): boolean {
  return Math.min(width, height) < COMPACT;
}

/**
 * Rectangles that never overlap (except floating ones) and never leave the viewport. The grid has the rows and
 * columns that give the largest tiles. The order is kept, so a tile that joins at the end moves others only
 * when the number of columns changes.
 */
export function layout(tiles: readonly TileShape[], viewport: Size, page = 0): Layout {
  const all = arrangeTiles(tiles, viewport, page);
  if (all.pages === 1) return all;
  const height = Math.max(0, viewport.height - PAGER_HEIGHT);
  return arrangeTiles(tiles, { width: viewport.width, height }, page);
}

function arrangeTiles(tiles: readonly TileShape[], viewport: Size, page: number): Layout {
  const { width, height } = viewport;
  const stage = tiles.find(({ role }) => role === 'stage');
  const grid = tiles.filter((tile) => tile !== stage && tile.role !== 'float');
  const whole: Rect = { x: 0, y: 0, width, height };
  const areas =
    stage && grid.length > 0 ? split(viewport, stage.aspect) : { stage: whole, rest: whole };
  const capacity = stage ? stripCapacity(areas.rest) : gridCapacity(viewport);
  const pages = Math.max(1, Math.ceil(grid.length / capacity));
  const current = Math.min(Math.max(0, page), pages - 1);
  const shown = grid.slice(current * capacity, (current + 1) * capacity);
  const cells = new Map<string, Rect>();
  // With several pages, each has the grid of a full one: turning pages moves no tile.
  const count = pages > 1 ? capacity : shown.length;
  const shapes = shapesFor(viewport, count);
  for (const [index, rect] of gridRects(count, shown.length, areas.rest, shapes).entries()) {
    const tile = shown[index];
    if (tile) cells.set(tile.id, rect);
  }
  if (stage) cells.set(stage.id, fit(areas.stage, stageShapes(stage, viewport)));
  for (const tile of tiles) if (tile.role === 'float') cells.set(tile.id, floating(viewport));
  const placements: Placement[] = [];
  for (const { id, role } of tiles) {
    const rect = cells.get(id);
    if (rect) placements.push({ id, role, ...snap(rect) });
  }
  return { placements, page: current, pages, perPage: capacity };
}

interface Shapes {
  /** Width divided by height. */
  narrowest: number;
  widest: number;
}

const ANY_SHAPE: Shapes = { narrowest: 0, widest: Number.POSITIVE_INFINITY };

function cameraShapes(viewport: Size): Shapes {
  // Upright phones send upright pictures, and a face survives the crop.
  return { narrowest: viewport.width < viewport.height ? 0.6 : 4 / 3, widest: WIDE };
}

function stageShapes({ aspect }: TileShape, viewport: Size): Shapes {
  return aspect ? { narrowest: aspect, widest: aspect } : cameraShapes(viewport);
}

function shapesFor(viewport: Size, count: number): Shapes {
  return count === 1 && isCompact(viewport) ? ANY_SHAPE : cameraShapes(viewport);
}

function gridCapacity(viewport: Size): number {
  const isLarge = viewport.width >= LARGE.width && viewport.height >= LARGE.height;
  const size = isCompact(viewport) ? 'compact' : isLarge ? 'large' : 'middling';
  const capacities = CAPACITIES[size];
  // On a phone held at arm's length a smaller tile is readable.
  const scale = size === 'compact' ? 0.7 : 1;
  const shapes = cameraShapes(viewport);
  const readable = capacities.find((count) => {
    const { tile } = bestGrid(count, viewport, shapes);
    return tile.width >= READABLE.width * scale && tile.height >= READABLE.height * scale;
  });
  return readable ?? Math.min(...capacities);
}

interface Grid {
  columns: number;
  rows: number;
  tile: Size;
}

/** `count` places of one size, in as many columns as make them largest. */
function bestGrid(count: number, area: Size, shapes: Shapes): Grid {
  let best = { columns: 1, rows: 1, tile: { width: 0, height: 0 } };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const cell = {
      width: (area.width - GAP * (columns - 1)) / columns,
      height: (area.height - GAP * (rows - 1)) / rows,
    };
    const tile = fitSize(cell, shapes);
    // Rounding must not make two grids of the same size alternate while a window is dragged.
    if (tile.width * tile.height > best.tile.width * best.tile.height + 1) {
      best = { columns, rows, tile };
    }
  }
  return best;
}

/** The places of a grid of `count`; `shown` of them have tiles. */
function gridRects(count: number, shown: number, area: Rect, shapes: Shapes): Rect[] {
  const { columns, rows, tile } = bestGrid(count, area, shapes);
  const top = area.y + (area.height - (tile.height + GAP) * rows + GAP) / 2;
  return Array.from({ length: shown }, (_, index) => {
    const row = Math.floor(index / columns);
    // The last row is centred.
    const inRow = Math.min(columns, shown - row * columns);
    const left = area.x + (area.width - (tile.width + GAP) * inRow + GAP) / 2;
    return {
      x: left + (index - row * columns) * (tile.width + GAP),
      y: top + row * (tile.height + GAP),
      ...tile,
    };
  });
}

/** The stage and the strip of the others: beside it on a wide viewport, below it on a tall one. */
function split(viewport: Size, aspect = 4 / 3): { stage: Rect; rest: Rect } {
  const { width, height } = viewport;
  if (width < height) {
    const stageHeight = clamp(width / aspect, height * 0.25, height * 0.62);
    return {
      stage: { x: 0, y: 0, width, height: stageHeight },
      rest: { x: 0, y: stageHeight + GAP, width, height: Math.max(0, height - stageHeight - GAP) },
    };
  }
  const strip = stripWidth(width);
  return {
    stage: { x: 0, y: 0, width: Math.max(0, width - strip - GAP), height },
    rest: { x: width - strip, y: 0, width: strip, height },
  };
}

function stripWidth(width: number): number {
  return Math.min(clamp(width * 0.2, 132, 272), width / 2);
}

/** The number of tiles that fit at a size that still shows a face. */
function stripCapacity(strip: Rect): number {
  const columns = Math.max(1, Math.round(strip.width / 190));
  const tileHeight = ((strip.width - GAP * (columns - 1)) / columns / WIDE) * 0.75;
  const rows = Math.max(1, Math.floor((strip.height + GAP) / (tileHeight + GAP)));
  return Math.min(STRIP_CAPACITY, columns * rows);
}

/** The own picture over another tile, in the lower right corner. */
function floating(viewport: Size): Rect {
  const { width, height } = viewport;
  const margin = Math.min(12, width / 16, height / 16);
  const tall = width < height;
  const size = tall ? clamp(width * 0.28, 72, 160) : clamp(height * 0.48, 96, 240);
  const tile = {
    width: Math.min(size, width - 2 * margin),
    height: Math.min(tall ? (size * 4) / 3 : (size * 3) / 4, height - 2 * margin),
  };
  return { x: width - tile.width - margin, y: height - tile.height - margin, ...tile };
}

/** The largest rectangle of an allowed shape in the middle of `area`. */
function fit(area: Rect, shapes: Shapes): Rect {
  const size = fitSize(area, shapes);
  return {
    x: area.x + (area.width - size.width) / 2,
    y: area.y + (area.height - size.height) / 2,
    ...size,
  };
}

function fitSize({ width, height }: Size, { narrowest, widest }: Shapes): Size {
  const room = { width: Math.max(0, width), height: Math.max(0, height) };
  return {
    width: Math.min(room.width, room.height * widest),
    height: narrowest > 0 ? Math.min(room.height, room.width / narrowest) : room.height,
  };
}

/** Rounds to whole pixels, inwards: edges are sharp and no tiles overlap. */
function snap({ x, y, width, height }: Rect): Rect {
  // Adding 0 makes 0 of -0.
  const left = Math.ceil(x - 1e-6) + 0;
  const top = Math.ceil(y - 1e-6) + 0;
  return {
    x: left,
    y: top,
    width: Math.max(0, Math.floor(x + width + 1e-6) - left),
    height: Math.max(0, Math.floor(y + height + 1e-6) - top),
  };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
