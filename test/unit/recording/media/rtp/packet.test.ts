// RTP and RTCP as they are read: headers of every shape, and what is no packet.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isRtcp, parseRtp } from '../../../../../server/recording/media/rtp/packet.ts';
import { senderReports } from '../../../../../server/recording/media/rtp/sender-report.ts';
import { TimestampUnwrapper } from '../../../../../server/recording/media/rtp/timestamp.ts';
import { rtp, senderReport } from '../packets.ts';

const hex = (text: string) => Buffer.from(text.replaceAll(' ', ''), 'hex');
const FIXED = '0007 00000bb8 00001267';

test('a packet is read, its payload without a copy', () => {
  const datagram = hex(`80e0 ${FIXED} 010203`);
  const packet = parseRtp(datagram);
  assert.deepEqual(
    { ...packet, payload: packet?.payload.toString('hex') },
    {
      marker: true,
      payloadType: 96,
      sequence: 7,
      timestamp: 3_000,
      ssrc: 4711,
      payload: '010203',
      bytes: 15,
    },
  );
  assert.equal(packet?.payload.buffer, datagram.buffer);
});

const PAYLOADS: [string, string, string | undefined][] = [
  ['contributors', `8260 ${FIXED} 00000001 00000002 aa`, 'aa'],
  ['an extension', `9060 ${FIXED} bede 0001 10aa0000 bb`, 'bb'],
  ['an empty extension', `9060 ${FIXED} bede 0000 bb`, 'bb'],
  ['padding', `a060 ${FIXED} aabb 000003`, 'aabb'],
  ['padding alone', `a060 ${FIXED} 0002`, ''],
  ['all of them', `b160 ${FIXED} 00000001 bede 0001 10aa0000 cc 01`, 'cc'],
  ['nothing behind the header', `8060 ${FIXED}`, ''],
  ['another version', `4060 ${FIXED} aa`, undefined],
  ['a header that is cut off', '8060 0007 00000bb8 000012', undefined],
  ['contributors that are cut off', `8260 ${FIXED} 00000001`, undefined],
  ['an extension without its length', `9060 ${FIXED} bede`, undefined],
  ['an extension that is cut off', `9060 ${FIXED} bede 0002 10aa0000`, undefined],
  ['no padding where it says some', `a060 ${FIXED} aabb00`, undefined],
  ['more padding than there is', `a060 ${FIXED} aabbff`, undefined],
  ['RTCP', '80c80006 00001267 0000000000000000 00000000', undefined],
  ['nothing', '', undefined],
];
for (const [name, datagram, payload] of PAYLOADS) {
  test(`a packet with ${name}`, () => {
    assert.equal(parseRtp(hex(datagram))?.payload.toString('hex'), payload);
  });
}

test('RTCP is told from RTP by its second byte', () => {
  for (const type of [192, 200, 201, 205, 206, 223]) assert.ok(isRtcp(Buffer.from([0x80, type])));
  for (const type of [0, 96, 127, 191, 224, 239, 255])
    assert.ok(!isRtcp(Buffer.from([0x80, type])));
  assert.ok(!isRtcp(Buffer.alloc(0)));
});

test('a sender report is read to a fraction of a millisecond', () => {
  const ntpMs = Date.UTC(2026, 10, 28, 18, 45, 12) + 345.25;
  const [report, ...more] = senderReports(senderReport(ntpMs, 90_000));
  assert.equal(more.length, 0);
  assert.deepEqual([report?.ssrc, report?.rtpTimestamp], [4711, 90_000]);
  assert.ok(Math.abs((report?.ntpMs ?? 0) - ntpMs) < 0.001);
});

test('after 2036 time goes on', () => {
  const ntpMs = Date.UTC(2040, 0, 1);
  assert.equal(senderReports(senderReport(ntpMs, 0))[0]?.ntpMs, ntpMs);
});

test('reports are found behind others, up to where a packet is cut off', () => {
  const one = senderReport(1_000_000_000_000, 1);
  const other = senderReport(1_000_000_000_000, 2, 815);
  const receiver = hex('80c90001 00000001');
  const all = senderReports(Buffer.concat([receiver, one, other]));
  assert.deepEqual(
    all.map(({ ssrc, rtpTimestamp }) => [ssrc, rtpTimestamp]),
    [
      [4711, 1],
      [815, 2],
    ],
  );
  assert.equal(senderReports(Buffer.concat([one, other.subarray(0, 20)])).length, 1);
});

test('timestamps go on across their wraps, forwards and backwards', () => {
  const steps = fc.array(fc.integer({ min: -(2 ** 31) + 1, max: 2 ** 31 - 1 }), { maxLength: 50 });
  fc.assert(
    fc.property(fc.nat(0xffff_ffff), steps, (start, all) => {
      const unwrapper = new TimestampUnwrapper();
      assert.equal(unwrapper.unwrap(start), start);
      let at = start;
      for (const step of all) {
        at += step;
        const wrapped = ((at % 2 ** 32) + 2 ** 32) % 2 ** 32;
        assert.equal(unwrapper.near(wrapped), at);
        assert.equal(unwrapper.unwrap(wrapped), at);
      }
    }),
  );
});

test('no bytes make a reader throw', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const datagram = Buffer.from(bytes);
      parseRtp(datagram);
      senderReports(datagram);
    }),
  );
  assert.equal(
    parseRtp(rtp({ sequence: 70_000, timestamp: -1 }, Buffer.alloc(1)))?.sequence,
    4_464,
  );
});
