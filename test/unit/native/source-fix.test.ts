// The source fix applies to the installed mediasoup, and says so loudly when it does not.

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import {
  applySourceFix,
  DTLS_BIO_CALLBACK_FIX,
  EMPTY_ERROR_QUEUE_FIXES,
  ENDED_LAYER_FIXES,
  type SourceFix,
  YOUNG_LAYER_FIX,
} from '../../../native/build/source-fix.ts';

const FIX: SourceFix = { file: 'src/a.cpp', find: 'a == B', replace: 'a & B' };

test('replaces the one place', () => {
  assert.equal(applySourceFix('if (a == B) {}', FIX), 'if (a & B) {}');
});

test('takes the replacement as it is, "$&" included', () => {
  assert.equal(applySourceFix('a == B', { ...FIX, replace: '$& $1' }), '$& $1');
});

for (const [count, text] of [
  ['0', 'if (a) {}'],
  ['2', 'a == B; a == B'],
] as const) {
  test(`refuses a source that has the text ${count} times, naming the file to look at`, () => {
    assert.throws(() => applySourceFix(text, FIX), {
      name: 'ProvisionError',
      message: new RegExp(`src/a\\.cpp.*${count} times.*native/build/source-fix\\.ts`),
    });
  });
}

test('the DTLS fix changes one line of the installed source, to test the bit', async () => {
  const { file } = DTLS_BIO_CALLBACK_FIX;
  const url = new URL(`../../../node_modules/mediasoup/worker/${file}`, import.meta.url);
  const before = await readFile(url, 'utf8');
  const after = applySourceFix(before, DTLS_BIO_CALLBACK_FIX).split('\n');
  const changed = after.filter((line, index) => line !== before.split('\n')[index]);
  assert.equal(changed.length, 1);
  assert.match(
    changed[0]!,
    /long resultOfcallback = \(\(operationType & BIO_CB_RETURN\) != 0\) \?/,
  );
});

for (const fix of EMPTY_ERROR_QUEUE_FIXES) {
  test(`the queue of errors is emptied right before \`${fix.find}\``, async () => {
    const url = new URL(`../../../node_modules/mediasoup/worker/${fix.file}`, import.meta.url);
    const after = applySourceFix(await readFile(url, 'utf8'), fix).split('\n');
    const cleared = after.indexOf('\t\tERR_clear_error();');
    assert.ok(after[cleared + 1]?.startsWith(`\t\t${fix.find}`), after[cleared + 1]);
  });
}

test('no layer has to be old before a consumer is moved to it', async () => {
  const { file } = YOUNG_LAYER_FIX;
  const url = new URL(`../../../node_modules/mediasoup/worker/${file}`, import.meta.url);
  assert.match(
    applySourceFix(await readFile(url, 'utf8'), YOUNG_LAYER_FIX),
    /static constexpr int64_t StreamMinActiveMs\{ 0 \};/,
  );
});

test('every place that has to know of an ended layer is in the installed source, once', async () => {
  const texts = new Map<string, string>();
  for (const fix of ENDED_LAYER_FIXES) {
    const url = new URL(`../../../node_modules/mediasoup/worker/${fix.file}`, import.meta.url);
    const before = texts.get(fix.file) ?? (await readFile(url, 'utf8'));
    texts.set(fix.file, applySourceFix(before, fix));
  }
  assert.match(texts.get('src/RTC/Producer.cpp')!, /higher->LowerLayerFrameReceived\(\)/);
});
