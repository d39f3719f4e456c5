// Where the tiles of a film stand. All numbers are even pixels: chroma has half the resolution.

export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** More tiles than this are too small to know anybody. */
export const GRID_TILES = 25;
/** Beside a large picture. */
const STRIP_TILES = 5;
const SCREENS = 2;
/** Between these no more than a quarter of a camera's 16:9 is cut off. */
const WIDEST = 16 / 9;
const NARROWEST = 4 / 3;

const even = (value: number) => 2 * Math.floor(value / 2);

/** The film's picture is 16:9. @param height lines */
export function sizeOf(height: number): Size {
  return { width: 2 * Math.round((height * WIDEST) / 2), height: even(height) };
}

/** Between tiles, and around them. */
export function gapOf({ height }: Size): number {
  return Math.max(2, even(height / 90));
}

function cellIn(area: Size, count: number, columns: number, gap: number): Size {
  const rows = Math.ceil(count / columns);
  const width = (area.width - gap * (columns - 1)) / columns;
  const height = (area.height - gap * (rows - 1)) / rows;
  return {
    width: even(Math.min(width, height * WIDEST)),
    height: even(Math.min(height, width / NARROWEST)),
  };
}

/** Tiles of one size, as large as can be, in the middle of the area; the last row is centred. */
export function gridIn(area: Rect, count: number, gap: number): Rect[] {
  const choices = Array.from({ length: count }, (_, index) => index + 1).map((columns) => ({
    columns,
    ...cellIn(area, count, columns, gap),
  }));
  const [best] = choices.toSorted(
    (one, other) => other.width * other.height - one.width * one.height,
  );
  if (best === undefined) return [];
  const { columns, width, height } = best;
  const rows = Math.ceil(count / columns);
  const top = area.y + even((area.height - rows * height - (rows - 1) * gap) / 2);
  return Array.from({ length: count }, (_, index) => {
    const row = Math.floor(index / columns);
    const inRow = row === rows - 1 ? count - row * columns : columns;
    const left = area.x + even((area.width - inRow * width - (inRow - 1) * gap) / 2);
    return {
      x: left + (index % columns) * (width + gap),
      y: top + row * (height + gap),
      width,
      height,
    };
  });
}

export interface Arrangement {
  screens: Rect[];
  /** For as many participants, the most important first. */
  people: Rect[];
}

function beside(size: Size, share: number): { main: Rect; side: Rect; gap: number } {
  const gap = gapOf(size);
  const width = even(size.width * share);
  const height = size.height - 2 * gap;
  const main = { x: gap, y: gap, width: size.width - width - 3 * gap, height };
  return { main, side: { x: size.width - width - gap, y: gap, width, height }, gap };
}

function stripIn(side: Rect, count: number, gap: number): Rect[] {
  const height = even(Math.min(side.width / WIDEST, (side.height - gap * (count - 1)) / count));
  const top = side.y + even((side.height - count * height - (count - 1) * gap) / 2);
  return Array.from({ length: count }, (_, index) => ({
    ...side,
    y: top + index * (height + gap),
    height,
  }));
}

function whole(size: Size): Rect {
  const gap = gapOf(size);
  return { x: gap, y: gap, width: size.width - 2 * gap, height: size.height - 2 * gap };
}

/** The screens take three quarters of the width; everybody stands beside them. */
function grid(people: number, screens: number, size: Size): Arrangement {
  const shown = Math.min(people, GRID_TILES);
  if (screens === 0) return { screens: [], people: gridIn(whole(size), shown, gapOf(size)) };
  if (people === 0) return { screens: gridIn(whole(size), screens, gapOf(size)), people: [] };
  const { main, side, gap } = beside(size, 0.23);
  const height = even((main.height - gap * (screens - 1)) / screens);
  return {
    screens: Array.from({ length: screens }, (_, index) => ({
      ...main,
      y: main.y + index * (height + gap),
      height,
    })),
    people: gridIn(side, shown, gap),
  };
}

function speaker(people: number, size: Size): Arrangement {
  if (people <= 1) return { screens: [], people: people === 0 ? [] : [whole(size)] };
  const { main, side, gap } = beside(size, 0.19);
  const strip = stripIn(side, Math.min(people - 1, STRIP_TILES), gap);
  return { screens: [], people: [main, ...strip] };
}

function screen(people: number, size: Size): Arrangement {
  if (people === 0) return { screens: [whole(size)], people: [] };
  const { main, side, gap } = beside(size, 0.19);
  return { screens: [main], people: stripIn(side, 1, gap) };
}

/**
 * @param people how many are there
 * @param screens how many are shared; the newest are shown, which stand first
 */
export function arrange(
  layout: 'grid' | 'speaker' | 'screen',
  { people, screens }: { people: number; screens: number },
  size: Size,
): Arrangement {
  switch (layout) {
    case 'grid':
      return grid(people, Math.min(screens, SCREENS), size);
    case 'speaker':
      return speaker(people, size);
    case 'screen':
      return screens > 0 ? screen(people, size) : speaker(people, size);
  }
}
