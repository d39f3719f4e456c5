// The stage's layout: nothing overlaps, nothing leaves the viewport, and as little as possible moves.
import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import {
  GAP,
  type Layout,
  layout,
  type Placement,
  type Rect,
  type Size,
  type TileRole,
  type TileShape,
} from '../../../client/ui/stage/layout.ts';

const DESKTOP: Size = { width: 1256, height: 690 };
const PHONE: Size = { width: 374, height: 700 };
const PHONE_ON_ITS_SIDE: Size = { width: 828, height: 318 };

function tiles(count: number, ...roles: TileRole[]): TileShape[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `tile-${index}`,
    role: roles[index] ?? 'grid',
  }));
}

function columns({ placements }: Layout): number {
  return placements.filter(({ y }) => y === placements[0]?.y).length;
}

function overlap(a: Rect, b: Rect): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

function area({ width, height }: Size): number {
  return width * height;
}

const viewports = fc.record({
  width: fc.integer({ min: 1, max: 4000 }),
  height: fc.integer({ min: 1, max: 3000 }),
});
/** Windows that somebody could really use. */
const usable = fc.record({
  width: fc.integer({ min: 280, max: 4000 }),
  height: fc.integer({ min: 260, max: 3000 }),
});
const scenes = fc.record({
  count: fc.integer({ min: 0, max: 120 }),
  stage: fc.option(
    fc.record({
      index: fc.nat({ max: 119 }),
      aspect: fc.option(fc.double({ min: 0.4, max: 3, noNaN: true }), { nil: undefined }),
    }),
    { nil: undefined },
  ),
  float: fc.option(fc.nat({ max: 119 }), { nil: undefined }),
  page: fc.integer({ min: -2, max: 12 }),
});

function shapesOf({ count, stage, float }: Parameters<Parameters<typeof scenes.map>[0]>[0]) {
  return tiles(count).map((tile, index): TileShape => {
    if (index === stage?.index) {
      return { ...tile, role: 'stage', ...(stage.aspect ? { aspect: stage.aspect } : {}) };
    }
    return index === float ? { ...tile, role: 'float' } : tile;
  });
}

describe('layout', () => {
  test('no two tiles overlap, but for the one that floats', () => {
    fc.assert(
      fc.property(scenes, viewports, (scene, viewport) => {
        const fixed = layout(shapesOf(scene), viewport, scene.page).placements.filter(
          ({ role }) => role !== 'float',
        );
        for (const [index, a] of fixed.entries()) {
          for (const b of fixed.slice(index + 1)) {
            assert.ok(area(a) === 0 || area(b) === 0 || !overlap(a, b), `${a.id} and ${b.id}`);
          }
        }
      }),
    );
  });

  test('no tile leaves the viewport, and all are whole pixels', () => {
    fc.assert(
      fc.property(scenes, viewports, (scene, viewport) => {
        for (const rect of layout(shapesOf(scene), viewport, scene.page).placements) {
          const { id, x, y, width, height } = rect;
          for (const value of [x, y, width, height]) assert.ok(Number.isInteger(value), id);
          assert.ok(width >= 0 && height >= 0, id);
          assert.ok(x >= 0 && y >= 0, id);
          if (area(rect) === 0) continue;
          assert.ok(x + width <= viewport.width && y + height <= viewport.height, id);
        }
      }),
    );
  });

  test('every tile is on one page, in the order given', () => {
    fc.assert(
      fc.property(scenes, usable, (scene, viewport) => {
        const shapes = shapesOf(scene);
        const { pages } = layout(shapes, viewport);
        const shown: string[] = [];
        for (let page = 0; page < pages; page++) {
          const result = layout(shapes, viewport, page);
          assert.equal(result.page, page);
          assert.equal(result.pages, pages);
          const grid = result.placements.filter(({ role }) => role === 'grid');
          assert.ok(grid.length > 0 || shapes.every(({ role }) => role !== 'grid'));
          shown.push(...grid.map(({ id }) => id));
        }
        assert.deepEqual(
          shown,
          shapes.filter(({ role }) => role === 'grid').map(({ id }) => id),
        );
      }),
    );
  });

  test('a page that does not exist becomes the nearest that does', () => {
    fc.assert(
      fc.property(scenes, usable, (scene, viewport) => {
        const { page, pages } = layout(shapesOf(scene), viewport, scene.page);
        assert.equal(page, Math.min(Math.max(0, scene.page), pages - 1));
      }),
    );
  });

  test('tiles of a grid are all of one size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), usable, (count, viewport) => {
        const { placements } = layout(tiles(count), viewport);
        const [first] = placements;
        for (const { width, height } of placements) {
          // A pixel of difference comes from rounding the edges.
          assert.ok(Math.abs(width - first!.width) <= 1);
          assert.ok(Math.abs(height - first!.height) <= 1);
        }
      }),
    );
  });

  test('no other number of columns would give larger tiles', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 16 }), (count) => {
        const [tile] = layout(tiles(count), DESKTOP).placements;
        for (let across = 1; across <= count; across++) {
          const down = Math.ceil(count / across);
          const width = (DESKTOP.width - GAP * (across - 1)) / across;
          const height = (DESKTOP.height - GAP * (down - 1)) / down;
          const possible = Math.min(width, (height * 16) / 9) * Math.min(height, (width * 3) / 4);
          assert.ok(area(tile!) >= possible * 0.98 - 1, `${count} tiles in ${across} columns`);
        }
      }),
    );
  });

  test('one who joins moves nobody while the columns stay', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 15 }), usable, (count, viewport) => {
        const before = layout(tiles(count), viewport);
        const after = layout(tiles(count + 1), viewport);
        const across = columns(before);
        const full = Math.floor(count / across) * across;
        const rows = (n: number) => Math.ceil(n / across);
        // Only where neither the columns nor the rows change can anybody stay; the last row is
        // centred and may move.
        if (!sameSize(before, after) || rows(count) !== rows(count + 1)) return;
        assert.deepEqual(before.placements.slice(0, full), after.placements.slice(0, full));
      }),
    );
  });

  test('turning the page moves no tile: the places are the same on all', () => {
    fc.assert(
      fc.property(fc.integer({ min: 17, max: 80 }), usable, (count, viewport) => {
        const first = layout(tiles(count), viewport, 0);
        const full = layout(tiles(count), viewport, Math.max(0, first.pages - 2));
        assert.deepEqual(first.placements.map(place), full.placements.map(place));
        const last = layout(tiles(count), viewport, first.pages - 1).placements;
        assert.equal(last[0]?.y, first.placements[0]?.y);
        assert.ok(Math.abs((last[0]?.width ?? 0) - (first.placements[0]?.width ?? 0)) <= 1);
      }),
    );
  });

  const grids = [
    [DESKTOP, 1, 1],
    [DESKTOP, 2, 2],
    [DESKTOP, 4, 2],
    [DESKTOP, 6, 3],
    [DESKTOP, 9, 3],
    [DESKTOP, 16, 4],
    [PHONE, 2, 1],
    [PHONE, 3, 1],
    [PHONE, 4, 2],
    [PHONE, 6, 2],
    [PHONE_ON_ITS_SIDE, 3, 3],
    [PHONE_ON_ITS_SIDE, 4, 2],
    [PHONE_ON_ITS_SIDE, 6, 3],
  ] as const;
  for (const [viewport, count, expected] of grids) {
    test(`${count} tiles at ${viewport.width}×${viewport.height}: ${expected} columns`, () => {
      assert.equal(columns(layout(tiles(count), viewport)), expected);
    });
  }

  const pages = [
    [DESKTOP, 16, 1],
    [DESKTOP, 17, 2],
    [DESKTOP, 33, 3],
    [PHONE, 6, 1],
    [PHONE, 7, 2],
    [PHONE_ON_ITS_SIDE, 13, 3],
  ] as const;
  for (const [viewport, count, expected] of pages) {
    test(`${count} tiles at ${viewport.width}×${viewport.height}: ${expected} pages`, () => {
      assert.equal(layout(tiles(count), viewport).pages, expected);
    });
  }

  test('one other fills a phone, and the own picture floats in its lower right corner', () => {
    for (const viewport of [PHONE, PHONE_ON_ITS_SIDE]) {
      const [own, other] = layout(tiles(2, 'float'), viewport).placements;
      assert.deepEqual(sizeOf(other!), viewport);
      assert.ok(area(own!) < area(viewport) / 8);
      assert.ok(own!.x > viewport.width / 2 && own!.y > viewport.height / 2);
    }
  });

  test('a screen has the stage, in its own shape; people are in a strip beside or below', () => {
    for (const aspect of [16 / 9, 4 / 3, 9 / 16]) {
      const shapes: TileShape[] = [...tiles(3), { id: 'screen', role: 'stage', aspect }];
      const wide = layout(shapes, DESKTOP).placements;
      const screen = wide.at(-1)!;
      assert.ok(Math.abs(screen.width / screen.height - aspect) < 0.01);
      assert.ok(wide.slice(0, 3).every(({ x }) => x >= screen.x + screen.width));
      assert.ok(wide.slice(0, 3).every((person) => area(person) < area(screen)));
      const tall = layout(shapes, PHONE).placements;
      assert.ok(tall.slice(0, 3).every(({ y }) => y >= tall.at(-1)!.y + tall.at(-1)!.height));
    }
  });

  test('somebody pinned who is alone on the page has all of it', () => {
    const [only] = layout(tiles(1, 'stage'), DESKTOP).placements;
    assert.equal(only?.height, DESKTOP.height);
  });
});

function sameSize(a: Layout, b: Layout): boolean {
  const [one] = a.placements;
  const [other] = b.placements;
  return one?.width === other?.width && one?.height === other?.height;
}

function place({ x, y, width, height }: Placement): Rect {
  return { x, y, width, height };
}

function sizeOf({ width, height }: Size): Size {
  return { width, height };
}
