// STUN messages: the vectors of RFC 5769, what we write is what we read, and nothing else is read.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  ATTRIBUTE,
  addressOf,
  encodeStun,
  errorOf,
  hasIntegrity,
  longTermKey,
  METHOD,
  newTransactionId,
  parseStun,
  peerAddress,
  shortTermKey,
  textOf,
  uint32,
  uint32Of,
} from '../../../../server/turn/client/stun-message.ts';
import { ipBytes, ipText, sameIp } from '../../../../server/turn/client/stun-message-address.ts';
import { messages } from '../../../support/turn/hostile.ts';

const hex = (...lines: string[]) => Buffer.from(lines.join(''), 'hex');
const PASSWORD = shortTermKey('VOkJxbRl1RmTxUk/WvJxBt');

/** RFC 5769 §2.1 to §2.4. */
const REQUEST = hex(
  '000100582112a442b7e7a701bc34d686fa87dfae802200105354554e207465737420636c69656e74',
  '002400046e0001ff80290008932ff9b151263b36000600096576746a3a68367659202020',
  '000800149aeaa70cbfd8cb56781ef2b5b2d3f249c1b571a280280004e57a3bcf',
);
const IPV4_RESPONSE = hex(
  '0101003c2112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220',
  '002000080001a147e112a643000800142b91f599fd9e90c38c7489f92af9ba53f06be7d7',
  '80280004c07d4c96',
);
const IPV6_RESPONSE = hex(
  '010100482112a442b7e7a701bc34d686fa87dfae8022000b7465737420766563746f7220',
  '002000140002a1470113a9faa5d3f179bc25f4b5bed2b9d900080014a382954e4be67bf1',
  '1784c97c8292c275bfe3ed4180280004c8fb0b4c',
);
const LONG_TERM_REQUEST = hex(
  '000100602112a44278ad3433c6ad72c029da412e00060012e3839ee38388e383aae38383',
  'e382afe382b900000015001c662f2f3439396b39353464364f4c33346f4c394653547679',
  '363473410014000b6578616d706c652e6f72670000080014f67024656dd64a3e02b8e071',
  '2e85c9a28ca89666',
);

function parsed(packet: Buffer) {
  const message = parseStun(packet);
  assert.ok(message, 'it is a STUN message');
  return message;
}

test('the sample request of RFC 5769 is read', () => {
  const message = parsed(REQUEST);
  assert.deepEqual([message.method, message.class], [METHOD.binding, 'request']);
  assert.equal(textOf(message, ATTRIBUTE.username), 'evtj:h6vY');
  assert.equal(textOf(message, ATTRIBUTE.software), 'STUN test client');
  assert.equal(uint32Of(message, ATTRIBUTE.priority), 0x6e0001ff);
  assert.ok(hasIntegrity(message, PASSWORD));
  assert.ok(!hasIntegrity(message, shortTermKey('another')));
});

test('the sample responses of RFC 5769 are read', () => {
  const expected = [
    [IPV4_RESPONSE, '192.0.2.1'],
    [IPV6_RESPONSE, '2001:db8:1234:5678:11:2233:4455:6677'],
  ] as const;
  for (const [packet, address] of expected) {
    const message = parsed(packet);
    assert.deepEqual([message.method, message.class], [METHOD.binding, 'success']);
    assert.deepEqual(addressOf(message, ATTRIBUTE.xorMappedAddress), { address, port: 32_853 });
    assert.ok(hasIntegrity(message, PASSWORD));
  }
});

test('long-term credentials give the key of RFC 5769', () => {
  const message = parsed(LONG_TERM_REQUEST);
  const username = textOf(message, ATTRIBUTE.username) ?? '';
  assert.equal(username, 'マトリックス');
  // The password as it is after SASLprep.
  assert.ok(hasIntegrity(message, longTermKey(username, 'example.org', 'TheMatrIX')));
});

test('what is written like the sample request is the sample request', () => {
  const message = parsed(REQUEST);
  const attributes = [...message.attributes];
  const written = encodeStun({
    ...{ method: METHOD.binding, class: 'request', transactionId: message.transactionId },
    ...{ attributes, key: PASSWORD, fingerprint: true },
  });
  // The RFC pads with blanks, which no reader sees: without the padding both are the same.
  const blank = REQUEST.indexOf('evtj:h6vY') + 'evtj:h6vY'.length;
  assert.deepEqual(written.subarray(0, blank), REQUEST.subarray(0, blank));
  assert.equal(written.length, REQUEST.length);
  assert.ok(hasIntegrity(parsed(written), PASSWORD));
});

test('one changed bit is noticed', () => {
  for (const packet of [REQUEST, IPV4_RESPONSE, IPV6_RESPONSE]) {
    for (let bit = 0; bit < packet.length * 8; bit++) {
      const changed = Buffer.from(packet);
      changed[bit >> 3]! ^= 1 << (bit & 7);
      const message = parseStun(changed);
      // Another type or length may hide FINGERPRINT; what was signed behind it is still as it was.
      const isSigned = bit < (packet.length - 8) * 8;
      assert.ok(!message || !isSigned || !hasIntegrity(message, PASSWORD), `bit ${bit}`);
    }
  }
  const key = longTermKey('マトリックス', 'example.org', 'TheMatrIX');
  for (let bit = 0; bit < LONG_TERM_REQUEST.length * 8; bit++) {
    const changed = Buffer.from(LONG_TERM_REQUEST);
    changed[bit >> 3]! ^= 1 << (bit & 7);
    const message = parseStun(changed);
    assert.ok(!message || !hasIntegrity(message, key), `bit ${bit}`);
  }
});

test('what stands behind MESSAGE-INTEGRITY does not count', () => {
  const key = shortTermKey('secret');
  const signed = encodeStun({
    ...{ method: METHOD.refresh, class: 'success', key },
    attributes: [[ATTRIBUTE.lifetime, uint32(600)]],
  });
  const added = Buffer.concat([signed, hex('00150004'), Buffer.from('abcd')]);
  added.writeUInt16BE(added.length - 20, 2);
  const message = parsed(added);
  assert.ok(hasIntegrity(message, key));
  assert.equal(message.attributes.get(ATTRIBUTE.nonce), undefined);
});

test('the first of two equal attributes counts', () => {
  const attributes = [
    [ATTRIBUTE.lifetime, uint32(1)],
    [ATTRIBUTE.lifetime, uint32(2)],
  ] as const;
  const message = parsed(encodeStun({ method: METHOD.refresh, class: 'success', attributes }));
  assert.equal(uint32Of(message, ATTRIBUTE.lifetime), 1);
});

const WRONG: readonly [string, Buffer][] = [
  ['nothing', Buffer.alloc(0)],
  ['half a header', REQUEST.subarray(0, 12)],
  ['another protocol', Buffer.from('HTTP/1.1 400 Bad Request')],
  ['another cookie', hex('000100002112a443', '00'.repeat(12))],
  ['channel data', hex('400000102112a442', '00'.repeat(12))],
  ['a length that is too long', hex('000100042112a442', '00'.repeat(12))],
  ['a length that is too short', hex('000100002112a442', '00'.repeat(16))],
  ['a length that is no multiple of 4', hex('000100032112a442', '00'.repeat(15))],
  ['half an attribute', hex('000100042112a442', '00'.repeat(12), '00060008')],
  ['a short MESSAGE-INTEGRITY', hex('000100082112a442', '00'.repeat(12), '0008000400000000')],
  [
    'a FINGERPRINT that is not last',
    hex('000100102112a442', '00'.repeat(12), '8028000400000000', '0006000400000000'),
  ],
  ['many empty attributes', hex('000101042112a442', '00'.repeat(12), '80550000'.repeat(65))],
];

test('what is no STUN message is not read', () => {
  for (const [what, packet] of WRONG) assert.equal(parseStun(packet), undefined, what);
});

test('error codes are read when they are some, and their phrase is safe to show', () => {
  const error = (value: Buffer) => {
    const attributes = [[ATTRIBUTE.errorCode, value]] as const;
    return errorOf(parsed(encodeStun({ method: METHOD.allocate, class: 'error', attributes })));
  };
  assert.deepEqual(error(hex('00000426', '5374616c65')), { code: 438, reason: 'Stale' });
  assert.deepEqual(error(hex('00000401')), { code: 401, reason: '' });
  assert.deepEqual(error(hex('00000401', '1b5b324a0d0a61')), { code: 401, reason: '[2Ja' });
  assert.equal(error(Buffer.alloc(700, 4))?.reason.length, 0);
  assert.equal(error(hex('0000')), undefined);
  assert.equal(error(hex('00000200')), undefined);
  assert.equal(error(hex('00000464')), undefined);
});

test('IP addresses keep their meaning', () => {
  const known = [
    ['127.0.0.1', '127.0.0.1'],
    ['::', '::'],
    ['::1', '::1'],
    ['2001:DB8:0:0:8:800:200C:417A', '2001:db8::8:800:200c:417a'],
    ['fe80::1%eth0', 'fe80::1'],
    ['::ffff:192.0.2.1', '::ffff:c000:201'],
  ] as const;
  for (const [text, expected] of known) assert.equal(ipText(ipBytes(text)!), expected);
  assert.ok(sameIp('::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:0201'));
  assert.equal(ipBytes('example.org'), undefined);
});

const addresses = fc.record(
  {
    address: fc
      .oneof(
        fc.uint8Array({ minLength: 4, maxLength: 4 }),
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
      )
      .map((bytes) => ipText(bytes)),
    port: fc.integer({ min: 0, max: 65_535 }),
  },
  { noNullPrototype: true },
);
test('whatever is written is read again', () => {
  fc.assert(
    fc.property(messages, (parts) => {
      const message = parsed(encodeStun(parts));
      assert.deepEqual([message.method, message.class], [parts.method, parts.class]);
      assert.deepEqual([...message.attributes], parts.attributes);
      assert.equal(message.integrityAt !== undefined, parts.key !== undefined);
      if (parts.key) assert.ok(hasIntegrity(message, parts.key));
    }),
  );
});

test('every address is read again', () => {
  fc.assert(
    fc.property(addresses, (address) => {
      const transactionId = newTransactionId();
      const attributes = [peerAddress(address, transactionId)];
      const packet = encodeStun({ method: 7, class: 'indication', transactionId, attributes });
      assert.deepEqual(addressOf(parsed(packet), ATTRIBUTE.xorPeerAddress), address);
    }),
  );
});
