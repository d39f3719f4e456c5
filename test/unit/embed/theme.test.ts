// Colours that a page chooses stay readable, or are refused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  colorProblem,
  contrastOf,
  LEAST_CONTRAST,
  readableOn,
  themeOf,
} from '../../../client/ui/embed/theme.ts';

const color = fc
  .integer({ min: 0, max: 0xffffff })
  .map((value) => `#${value.toString(16).padStart(6, '0')}`);

test('contrast as in WCAG 2.2', () => {
  assert.equal(contrastOf('#000000', '#ffffff'), 21);
  assert.equal(contrastOf('#777777', '#777777'), 1);
  assert.ok(Math.abs(contrastOf('#767676', '#ffffff') - 4.54) < 0.01);
});

test('text on any colour can be read', () => {
  fc.assert(
    fc.property(color, (one) => {
      assert.ok(contrastOf(one, readableOn(one)) >= LEAST_CONTRAST, one);
      assert.equal(colorProblem({ backgroundColor: one, textColor: readableOn(one) }), undefined);
    }),
  );
});

test('nothing chosen, nothing changed', () => {
  assert.deepEqual(themeOf({}), { scheme: undefined, tokens: {} });
});

test('a dark background makes a dark page', () => {
  const { scheme, tokens } = themeOf({ backgroundColor: '#101030' });
  assert.equal(scheme, 'dark');
  assert.equal(tokens['--bg'], '#101030');
  assert.equal(tokens['--text'], '#ffffff');
});

test('an accent leaves the page as it is', () => {
  const { scheme, tokens } = themeOf({ accentColor: '#ffd54a' });
  assert.equal(scheme, undefined);
  assert.equal(tokens['--on-accent'], '#000000');
  assert.equal(tokens['--bg'], undefined);
});

test('what cannot be read is refused, with the figure', () => {
  const problem = colorProblem({ backgroundColor: '#ffffff', textColor: '#888888' });
  assert.match(problem ?? '', /#888888 on #ffffff has a contrast of 3\.5/);
  assert.match(colorProblem({ textColor: '#000000' }) ?? '', /needs a background colour/);
});
