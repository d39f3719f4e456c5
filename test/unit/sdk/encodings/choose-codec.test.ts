// Which codec a picture is sent with: the server's preference, the device, and what the others decode.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  type Candidates,
  type CodecAbility,
  chooseCodec,
  type DeviceAbility,
  doesWell,
  UNKNOWN_ABILITY,
} from '../../../../client/sdk/media/encodings/choose-codec.ts';
import { CodecChoice } from '../../../../client/sdk/media/encodings/codec-choice.ts';
import { VIDEO_CODECS, type VideoCodec } from '../../../../shared/media/media.ts';

const HARDWARE: CodecAbility = { smooth: true, powerEfficient: true, layered: true };
const SOFTWARE: CodecAbility = { smooth: true, powerEfficient: false, layered: true };

function device(
  codecs: Partial<Record<VideoCodec, CodecAbility>>,
  { cores = 8, savesPower = false } = {},
): DeviceAbility {
  const known = Object.entries(codecs) as [VideoCodec, CodecAbility][];
  return { codecs: new Map(known), cores, savesPower };
}

function choose(candidates: Partial<Candidates>): VideoCodec {
  return chooseCodec({
    preferred: ['VP8'],
    sendable: VIDEO_CODECS,
    ability: UNKNOWN_ABILITY,
    ...candidates,
  });
}

const CASES: readonly [string, Partial<Candidates>, VideoCodec][] = [
  ['nothing is known', {}, 'VP8'],
  ['nothing is known of the codec', { preferred: ['AV1', 'VP9'] }, 'VP8'],
  ['hardware', { preferred: ['AV1'], ability: device({ AV1: HARDWARE }, { cores: 2 }) }, 'AV1'],
  [
    'hardware, and a low battery',
    { preferred: ['H264'], ability: device({ H264: HARDWARE }, { savesPower: true }) },
    'H264',
  ],
  ['enough processors', { preferred: ['VP9'], ability: device({ VP9: SOFTWARE }) }, 'VP9'],
  [
    'two processors',
    { preferred: ['VP9'], ability: device({ VP9: SOFTWARE }, { cores: 2 }) },
    'VP8',
  ],
  [
    'enough processors, and a low battery',
    { preferred: ['VP9'], ability: device({ VP9: SOFTWARE }, { savesPower: true }) },
    'VP8',
  ],
  [
    'frames that are not kept up with',
    { preferred: ['H264'], ability: device({ H264: { ...HARDWARE, smooth: false } }) },
    'VP8',
  ],
  [
    'VP9 without layers',
    { preferred: ['VP9'], ability: device({ VP9: { ...HARDWARE, layered: false } }) },
    'VP8',
  ],
  [
    'H264, whose layers are streams of their own',
    { preferred: ['H264'], ability: device({ H264: { ...HARDWARE, layered: false } }) },
    'H264',
  ],
  [
    'the second preference is done well',
    { preferred: ['AV1', 'VP9', 'VP8'], ability: device({ AV1: SOFTWARE, VP9: HARDWARE }) },
    'VP9',
  ],
  ['the application insists', { insisted: 'AV1' }, 'AV1'],
  ['the browser cannot send what is insisted on', { insisted: 'AV1', sendable: ['VP8'] }, 'VP8'],
  [
    'a receiver lacks what is insisted on',
    { insisted: 'VP9', decodable: new Set(['H264']) },
    'H264',
  ],
  [
    'a receiver lacks what is preferred',
    { preferred: ['VP9'], ability: device({ VP9: HARDWARE }), decodable: new Set(['VP8', 'H264']) },
    'VP8',
  ],
  ['a receiver has H264 alone', { decodable: new Set(['H264']) }, 'H264'],
  [
    'a receiver has nothing that we send',
    { sendable: ['VP8'], decodable: new Set(['AV1']) },
    'VP8',
  ],
];

for (const [what, candidates, expected] of CASES) {
  test(`${what}: ${expected}`, () => assert.equal(choose(candidates), expected));
}

const codecList = fc.subarray([...VIDEO_CODECS]);
const ability = fc.record({
  smooth: fc.boolean(),
  powerEfficient: fc.boolean(),
  layered: fc.boolean(),
});

test('the choice can be sent; and all decode it, if there is one that can be sent and decoded', () => {
  fc.assert(
    fc.property(
      codecList,
      codecList.filter((list) => list.length > 0),
      fc.option(codecList, { nil: undefined }),
      fc.option(fc.constantFrom(...VIDEO_CODECS), { nil: undefined }),
      fc.dictionary(fc.constantFrom(...VIDEO_CODECS), ability),
      (preferred, sendable, receivers, insisted, abilities) => {
        const decodable = receivers && new Set(receivers);
        const chosen = choose({
          ...{ preferred, sendable, decodable, insisted },
          ability: device(abilities as Partial<Record<VideoCodec, CodecAbility>>),
        });
        assert.ok(sendable.includes(chosen));
        const common = sendable.filter((codec) => decodable?.has(codec) ?? true);
        if (common.length > 0) assert.ok(common.includes(chosen));
      },
    ),
  );
});

test('a codec that is done well with few processors is done well with more', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...VIDEO_CODECS),
      ability,
      fc.nat(64),
      fc.nat(64),
      (codec, known, few, more) => {
        const well = (cores: number) => doesWell(codec, device({ [codec]: known }, { cores }));
        if (well(few)) assert.ok(well(few + more));
      },
    ),
  );
});

const browser = {
  sendRtpCapabilities: {
    codecs: VIDEO_CODECS.map((codec) => ({ mimeType: `video/${codec}` })),
  },
} as unknown as Parameters<CodecChoice['current']>[0];

test('a call with VP8 asks nothing of the browser', () => {
  const choice = new CodecChoice({ abilityOf: () => assert.fail('it was asked') });
  choice.prefer(['VP8']);
  choice.prefer(undefined);
  assert.equal(choice.settling, undefined);
  assert.deepEqual(choice.current(browser), { codec: 'VP8', layered: false });
});

test('what the server prefers is sent once the browser has said that it does it well', async () => {
  const choice = new CodecChoice({ abilityOf: async () => device({ VP9: HARDWARE }) });
  choice.prefer(['H266', 'VP9', 'VP8']);
  await choice.settling;
  assert.equal(choice.settling, undefined);
  assert.deepEqual(choice.current(browser), { codec: 'VP9', layered: true });
});

test('a browser that does not answer delays no camera for long', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout'] });
  const choice = new CodecChoice({ abilityOf: () => new Promise(() => {}) });
  choice.prefer(['VP9']);
  const { settling } = choice;
  t.mock.timers.tick(1_000);
  await settling;
  assert.equal(choice.current(browser).codec, 'VP8');
});

test('a receiver who lacks a codec is news once, and the codec does not come back', async () => {
  const choice = new CodecChoice({ abilityOf: async () => device({ VP9: HARDWARE }) });
  choice.prefer(['VP9']);
  await choice.settling;
  assert.equal(choice.restrict(['VP8', 'H264', 'AV1']), true);
  assert.equal(choice.restrict(['VP8', 'H264', 'AV1']), false);
  assert.equal(choice.current(browser).codec, 'VP8');
  assert.equal(choice.restrict(['VP9']), false, 'there is none that both decode');
  assert.equal(choice.current(browser).codec, 'VP8');
  choice.prefer(['VP9']);
  assert.equal(choice.current(browser).codec, 'VP8', 'nor with the next media session');
  assert.equal(choice.restrict(['H264']), true, 'another one lacks VP8');
  assert.equal(choice.current(browser).codec, 'H264');
});

test('where a browser knows no layers in one stream, none are announced', () => {
  const choice = new CodecChoice({ insisted: 'VP9', abilityOf: async () => UNKNOWN_ABILITY });
  assert.deepEqual(choice.current(browser), { codec: 'VP9', layered: false });
});
