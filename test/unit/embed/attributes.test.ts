// What a page writes into <parley-call>, and the errors that name what is wrong with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wantedOf } from '../../../client/embed/attributes.ts';
import { EmbedError } from '../../../client/embed/embed-error.ts';

const SERVER = 'https://calls.example.org';

function wanted(attributes: Record<string, string>, ownServer?: string) {
  return wantedOf(new Map(Object.entries(attributes)), ownServer);
}

test('all attributes together', () => {
  assert.deepEqual(
    wanted({
      room: 'blue',
      server: `${SERVER}/somewhere?else`,
      token: 'a.b.c',
      name: 'Ann',
      buttons: ' microphone  leave ',
      language: 'en',
      'accent-color': '#0F6B62',
      'background-color': '#ffffff',
      'text-color': '#000000',
    }),
    {
      room: 'blue',
      server: SERVER,
      options: {
        token: 'a.b.c',
        name: 'Ann',
        buttons: ['microphone', 'leave'],
        language: 'en',
        accentColor: '#0F6B62',
        backgroundColor: '#ffffff',
        textColor: '#000000',
      },
    },
  );
});

test('the room alone, on the server that the script is from', () => {
  assert.deepEqual(wanted({ room: 'blue' }, SERVER), { room: 'blue', server: SERVER, options: {} });
});

test('what every element may have is left alone', () => {
  const attributes = { id: 'call', class: 'wide', style: 'height: 1px', 'data-x': '', lang: 'de' };
  const more = { 'aria-label': 'Call', onclick: '', hidden: '', _ngcontent: '', slot: 'main' };
  assert.deepEqual(wanted({ room: 'blue', ...attributes, ...more }, SERVER).options, {});
});

test('no button at all can be chosen', () => {
  assert.deepEqual(wanted({ room: 'blue', buttons: '' }, SERVER).options, { buttons: [] });
});

const WRONG: readonly [Record<string, string>, option: string, message: RegExp][] = [
  [{}, 'room', /needs an attribute "room"/],
  [{ room: '' }, 'room', /needs an attribute "room"/],
  [{ room: 'A room' }, 'room', /1 to 64 lower-case letters.*It is "A room"/],
  [{ room: '../admin' }, 'room', /1 to 64/],
  [{ room: 'blue', rom: 'blue' }, 'rom', /no attribute "rom"\. It has: room, server, token/],
  [{ room: 'blue', accentcolor: '#000000' }, 'accentcolor', /no attribute "accentcolor"/],
  [{ room: 'blue', constructor: 'x' }, 'constructor', /no attribute "constructor"/],
  [{ room: 'blue', server: 'calls' }, 'server', /such as https:\/\/calls\.example\.org/],
  [{ room: 'blue', server: 'javascript:alert(1)' }, 'server', /has to be an address/],
  [{ room: 'blue', buttons: 'chta leave' }, 'buttons', /some of: microphone .*It is "chta leave"/],
  [{ room: 'blue', language: 'xx' }, 'language', /one of: en.*It is "xx"/],
  [{ room: 'blue', 'accent-color': 'red' }, 'accent-color', /a colour such as #0f6b62/],
  [{ room: 'blue', 'text-color': '#12345' }, 'text-color', /a colour/],
];

for (const [attributes, option, message] of WRONG) {
  test(`${JSON.stringify(attributes)} is an error about "${option}"`, () => {
    assert.throws(
      () => wanted(attributes, SERVER),
      (error) => {
        assert.ok(error instanceof EmbedError);
        assert.equal(error.code, 'bad_option');
        assert.equal(error.option, option);
        assert.match(error.message, message);
        return true;
      },
    );
  });
}

test('without a server of its own the element needs one', () => {
  assert.throws(() => wanted({ room: 'blue' }), /needs an attribute "server"/);
});

test('a token is in no message', () => {
  const token = 'secret'.repeat(1_000);
  assert.throws(
    () => wanted({ room: 'blue', token }, SERVER),
    (error) => error instanceof Error && !error.message.includes('secret'),
  );
  assert.equal(
    wanted({ room: 'blue', token: 'x'.repeat(4_096) }, SERVER).options.token?.length,
    4_096,
  );
});
