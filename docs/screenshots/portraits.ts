// Runs inside the browser: paints people and slides. Kept free of imports: it is injected.

import type { Actor } from './actors.ts';

/** To be given to Playwright's `addInitScript`. */
export function installPainter(actor: Actor): void {
  function canvas(
    width: number,
    height: number,
  ): { element: HTMLCanvasElement; context: CanvasRenderingContext2D } {
    const element = document.createElement('canvas');
    element.width = width;
    element.height = height;
    const context = element.getContext('2d', { alpha: false });
    if (!context) throw new Error('no canvas');
    return { element, context };
  }

  function shape(context: CanvasRenderingContext2D, fill: string, draw: () => void): void {
    context.fillStyle = fill;
    context.beginPath();
    draw();
    context.fill();
  }

  function paintRoom(width: number, height: number): HTMLCanvasElement {
    const { element, context: c } = canvas(width, height);
    const wall = c.createLinearGradient(0, 0, width, height);
    wall.addColorStop(0, actor.wall[0]);
    wall.addColorStop(1, actor.wall[1]);
    c.fillStyle = wall;
    c.fillRect(0, 0, width, height);
    // Out of focus, as behind somebody close to the camera.
    c.filter = 'blur(14px)';
    const unit = height / 720;
    c.globalAlpha = 0.5;
    shape(c, '#ffffff', () => c.rect(width * 0.06, height * 0.08, 210 * unit, 300 * unit));
    c.globalAlpha = 0.35;
    shape(c, '#20252b', () => c.rect(width * 0.76, height * 0.3, 330 * unit, 18 * unit));
    const books = ['#b5523b', '#3d6b8e', '#d9a441', '#5b7d5a', '#7a5c86', '#c9c2b4'];
    for (const [index, colour] of books.entries()) {
      const x = width * 0.78 + index * 34 * unit;
      const tall = (96 + ((index * 37) % 44)) * unit;
      shape(c, colour, () => c.rect(x, height * 0.3 - tall, 28 * unit, tall));
    }
    c.globalAlpha = 0.6;
    for (let leaf = 0; leaf < 9; leaf++) {
      shape(c, leaf % 2 ? '#3f6b4f' : '#578a63', () =>
        c.ellipse(
          width * 0.08 + leaf * 22 * unit,
          height * 0.82 - (leaf % 3) * 60 * unit,
          22 * unit,
          70 * unit,
          (leaf - 4) / 4,
          0,
          Math.PI * 2,
        ),
      );
    }
    return element;
  }

  function paintPerson(c: CanvasRenderingContext2D, time: number): void {
    const { width, height } = c.canvas;
    const unit = (height / 720) * (actor.upright ? 0.92 : 1);
    const sway = Math.sin(time / 1700) * 5 * unit;
    const nod = Math.sin(time / 1100) * 3 * unit;
    const x = width / 2;
    const headX = x + sway;
    const headY = height * 0.43 + nod;
    const full = Math.PI * 2;
    if (actor.hairStyle === 'long') {
      shape(c, actor.hair, () =>
        c.roundRect(headX - 150 * unit, headY - 130 * unit, 300 * unit, 370 * unit, 140 * unit),
      );
    }
    if (actor.hairStyle === 'bun') {
      shape(c, actor.hair, () => c.arc(headX, headY - 185 * unit, 58 * unit, 0, full));
    }
    // Shoulders, with a little light from the left.
    const shirt = c.createLinearGradient(x - 300 * unit, 0, x + 320 * unit, 0);
    shirt.addColorStop(0, actor.shirt);
    shirt.addColorStop(1, '#15181c');
    c.save();
    c.beginPath();
    c.roundRect(x - 290 * unit, headY + 205 * unit, 580 * unit, height, 170 * unit);
    c.fillStyle = actor.shirt;
    c.fill();
    c.globalAlpha = 0.28;
    c.fillStyle = shirt;
    c.fill();
    c.restore();
    // Neck and its shadow.
    shape(c, actor.skin, () =>
      c.roundRect(headX - 54 * unit, headY + 90 * unit, 108 * unit, 160 * unit, 50 * unit),
    );
    c.globalAlpha = 0.16;
    shape(c, '#3a1d10', () =>
      c.ellipse(headX, headY + 142 * unit, 54 * unit, 36 * unit, 0, 0, full),
    );
    c.globalAlpha = 1;
    // Head and ears.
    for (const side of [-1, 1]) {
      shape(c, actor.skin, () =>
        c.ellipse(headX + side * 116 * unit, headY + 8 * unit, 22 * unit, 34 * unit, 0, 0, full),
      );
    }
    shape(c, actor.skin, () => c.ellipse(headX, headY, 116 * unit, 150 * unit, 0, 0, full));
    const light = c.createRadialGradient(
      headX - 50 * unit,
      headY - 60 * unit,
      10,
      headX,
      headY,
      190 * unit,
    );
    light.addColorStop(0, 'rgb(255 240 225 / 30%)');
    light.addColorStop(1, 'rgb(60 20 0 / 16%)');
    c.fillStyle = light;
    c.beginPath();
    c.ellipse(headX, headY, 116 * unit, 150 * unit, 0, 0, full);
    c.fill();
    if (actor.beard) {
      c.save();
      c.beginPath();
      c.ellipse(headX, headY, 116 * unit, 150 * unit, 0, 0, full);
      c.clip();
      shape(c, actor.hair, () =>
        c.ellipse(headX, headY + 130 * unit, 130 * unit, 90 * unit, 0, 0, full),
      );
      c.restore();
    }
    paintHair(c, headX, headY, unit);
    paintFace(c, headX, headY, unit, time);
  }

  function paintHair(c: CanvasRenderingContext2D, x: number, y: number, unit: number): void {
    const full = Math.PI * 2;
    if (actor.hairStyle === 'bald') return;
    if (actor.hairStyle === 'curly') {
      for (let curl = 0; curl < 15; curl++) {
        const angle = Math.PI * (1 + curl / 14);
        shape(c, actor.hair, () =>
          c.arc(
            x + Math.cos(angle) * 112 * unit,
            y - 28 * unit + Math.sin(angle) * 112 * unit,
            46 * unit,
            0,
            full,
          ),
        );
      }
    }
    shape(c, actor.hair, () => {
      c.moveTo(x - 122 * unit, y + 4 * unit);
      c.bezierCurveTo(
        x - 150 * unit,
        y - 220 * unit,
        x + 150 * unit,
        y - 220 * unit,
        x + 122 * unit,
        y + 4 * unit,
      );
      c.bezierCurveTo(
        x + 106 * unit,
        y - 62 * unit,
        x + 56 * unit,
        y - 92 * unit,
        x - 8 * unit,
        y - 88 * unit,
      );
      c.bezierCurveTo(
        x - 72 * unit,
        y - 84 * unit,
        x - 108 * unit,
        y - 50 * unit,
        x - 122 * unit,
        y + 4 * unit,
      );
    });
  }

  function paintFace(
    c: CanvasRenderingContext2D,
    x: number,
    y: number,
    unit: number,
    time: number,
  ): void {
    const full = Math.PI * 2;
    const blink = time % 4300 < 130 ? 0.15 : 1;
    for (const side of [-1, 1]) {
      shape(c, '#2a1c16', () =>
        c.ellipse(x + side * 44 * unit, y - 8 * unit, 9 * unit, 11 * unit * blink, 0, 0, full),
      );
      c.strokeStyle = actor.hairStyle === 'bald' ? '#4a352a' : actor.hair;
      c.lineWidth = 8 * unit;
      c.lineCap = 'round';
      c.beginPath();
      c.moveTo(x + side * 24 * unit, y - 42 * unit);
      c.quadraticCurveTo(x + side * 46 * unit, y - 54 * unit, x + side * 66 * unit, y - 40 * unit);
      c.stroke();
      if (actor.glasses) {
        c.strokeStyle = '#23262a';
        c.lineWidth = 6 * unit;
        c.beginPath();
        c.roundRect(
          x + side * 44 * unit - 34 * unit,
          y - 34 * unit,
          68 * unit,
          54 * unit,
          22 * unit,
        );
        c.stroke();
      }
    }
    if (actor.glasses) {
      c.beginPath();
      c.moveTo(x - 10 * unit, y - 12 * unit);
      c.lineTo(x + 10 * unit, y - 12 * unit);
      c.stroke();
    }
    c.strokeStyle = 'rgb(70 30 15 / 45%)';
    c.lineWidth = 6 * unit;
    c.beginPath();
    c.moveTo(x + 2 * unit, y + 6 * unit);
    c.quadraticCurveTo(x + 16 * unit, y + 40 * unit, x - 4 * unit, y + 42 * unit);
    c.stroke();
    const open = actor.speaks ? Math.abs(Math.sin(time / 170)) * 16 * unit : 0;
    if (open > 3) {
      shape(c, '#7d2f2f', () =>
        c.ellipse(x, y + 84 * unit, 32 * unit, 6 * unit + open, 0, 0, full),
      );
    } else {
      c.strokeStyle = '#7d3a32';
      c.lineWidth = 7 * unit;
      c.beginPath();
      c.moveTo(x - 38 * unit, y + 76 * unit);
      c.quadraticCurveTo(x, y + 106 * unit, x + 38 * unit, y + 76 * unit);
      c.stroke();
    }
  }

  globalThis.parleyPainter = { canvas, room: paintRoom, person: paintPerson };
}
