// Listeners do not hurt each other.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Emitter } from '../../../shared/emitter.ts';

type Events = { said: [string]; done: [] };

test('the error of one listener is told apart, and the others still hear', () => {
  const errors: [unknown, keyof Events][] = [];
  const emitter = new Emitter<Events>((error, event) => errors.push([error, event]));
  const heard: string[] = [];
  const failure = new Error('a broken listener');
  emitter.on('said', () => {
    throw failure;
  });
  emitter.on('said', (word) => heard.push(word));
  emitter.emit('said', 'hello');
  assert.deepEqual(heard, ['hello']);
  assert.deepEqual(errors, [[failure, 'said']]);
});

test('a listener that was removed hears nothing more, even while others are being told', () => {
  const emitter = new Emitter<Events>(assert.fail);
  const heard: string[] = [];
  const off = emitter.on('said', (word) => {
    heard.push(`first ${word}`);
    off();
    emitter.on('said', (later) => heard.push(`late ${later}`));
  });
  emitter.emit('said', 'a');
  assert.deepEqual(heard, ['first a'], 'who comes while an event is told hears the next one');
  emitter.emit('said', 'b');
  assert.deepEqual(heard, ['first a', 'late b']);
});

test('after close nobody hears anything', () => {
  const emitter = new Emitter<Events>(assert.fail);
  emitter.on('done', () => assert.fail('it was heard'));
  emitter.close();
  emitter.emit('done');
});
