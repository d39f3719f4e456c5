// What crosses between a page and the call in its frame is read by a schema on both sides, also across releases.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { argsOf, isEmbedCommand } from '../../../shared/embed/commands.ts';
import { detailOf } from '../../../shared/embed/events.ts';
import {
  readConnect,
  readFrameMessage,
  readHello,
  readPageMessage,
} from '../../../shared/embed/messages.ts';

test('whatever else a window receives is none of ours, and breaks nothing', () => {
  fc.assert(
    fc.property(fc.anything(), (data) => {
      for (const read of [readHello, readConnect, readPageMessage, readFrameMessage]) {
        assert.equal(read(data), undefined);
      }
    }),
  );
});

test('a command that an older frame does not know can still be answered', () => {
  const command = { type: 'command', id: 7, name: 'dance', args: [] };
  assert.deepEqual(readPageMessage(command), command);
  assert.ok(!isEmbedCommand('dance'));
  assert.ok(!isEmbedCommand('constructor'));
});

test('arguments that are not those of the command are none', () => {
  assert.deepEqual(argsOf('setMuted', ['camera', true]), ['camera', true]);
  assert.equal(argsOf('setMuted', ['screen', true]), undefined);
  assert.equal(argsOf('setMuted', ['camera']), undefined);
  assert.equal(argsOf('join', [{ nmae: 'Ann' }]), undefined);
  assert.equal(argsOf('sendChat', ['x'.repeat(2_001)]), undefined);
});

test('an unknown option is refused by the frame, too', () => {
  const configure = (options: object) => readPageMessage({ type: 'configure', options });
  assert.ok(configure({ name: 'Ann' }));
  assert.equal(configure({ buttns: [] }), undefined);
});

test('a role that a later release adds does not cost an older page the event', () => {
  const room = {
    room: 'blue',
    count: 1,
    participants: [{ id: 'a', name: 'Ann', role: 'conductor', hat: 'red' }],
    tracks: [],
    chat: [],
    recording: null,
  };
  const detail = detailOf('room', room);
  assert.deepEqual(detail?.participants, [{ id: 'a', name: 'Ann', role: 'conductor' }]);
});
