// temp
import { ensureClient } from '../client/build.ts';
import { Chromium } from '../test/support/browser/chromium.ts';
import { Parley } from '../test/support/server/parley.ts';
import { startBareServer } from './bare/server.ts';
import { installJoinProbe } from './join/probe.ts';
import { joinAndStay, measureJoin } from './join/trial.ts';
import type { Page } from 'playwright-core';
const ROUNDS = Number(process.argv[2] ?? 8);
await ensureClient({ log: console.log });
await using stack = new AsyncDisposableStack();
const parley = stack.use(await Parley.start({ LOG_LEVEL: 'info', WORKERS: '1' }));
const bare = stack.use(await startBareServer());
const chromium = stack.use(await Chromium.launch({ frameRate: 20 }));
const openRoom = async (page: Page) => {
  await page.goto(new URL('r/bench', parley.url).href);
  await page.getByRole('textbox', { name: 'Your name' }).fill('Newcomer');
};
await joinAndStay(chromium, openRoom);
await joinAndStay(chromium, async (p) => { await p.goto(bare.url); });
function marks() {
  const log: [string, number][] = [];
  Object.assign(window, { marks: log });
  const m = (s: string) => { log.push([s, performance.now()]); };
  const P = RTCPeerConnection.prototype as any;
  for (const k of ['setRemoteDescription', 'createAnswer', 'setLocalDescription', 'createOffer']) {
    const orig = P[k];
    P[k] = async function (...a: any[]) { m(k + ' >'); try { return await orig.apply(this, a); } finally { m(k + ' <'); } };
  }
  const send = WebSocket.prototype.send;
  WebSocket.prototype.send = function (d: any) { m('send ' + (/"method":"(\w+)"/.exec(String(d))?.[1] ?? '?')); return send.call(this, d); };
  const ael = WebSocket.prototype.addEventListener;
  (WebSocket.prototype as any).addEventListener = function (t: string, f: any, o: any) {
    if (t !== 'message') return ael.call(this, t as any, f, o);
    return ael.call(this, t as any, (e: any) => { m('recv ' + (typeof e.data === 'string' ? e.data.slice(0, 40) : 'bin ' + e.data.byteLength)); return f(e); }, o);
  };
  (window as any).RTCPeerConnection = class extends RTCPeerConnection {
    constructor(c?: RTCConfiguration) { super(c); this.addEventListener('track', ({ track }) => { if (track.kind !== 'video') return;
      const r = new (window as any).MediaStreamTrackProcessor({ track }).readable.getReader();
      const go = () => r.read().then(({ value }: any) => { if (!value) return; m('frame ' + value.displayWidth + ' ts ' + (value.timestamp / 1000).toFixed(0)); value.close(); go(); }); go(); }); }
  };
  const so = Object.getOwnPropertyDescriptor(HTMLMediaElement.prototype, 'srcObject')!;
  Object.defineProperty(HTMLMediaElement.prototype, 'srcObject', { ...so, set(v: any) { m('srcObject ' + v?.getVideoTracks().map((t: any) => t.label.slice(0, 6)).join()); so.set!.call(this, v); } });
  let last = 0;
  new MutationObserver(() => { const n = performance.now(); if (n - last > 2) m('dom'); last = n; }).observe(document, { childList: true, subtree: true });
  new PerformanceObserver((l) => { for (const e of l.getEntries()) log.push(['long ' + e.duration.toFixed(0), e.startTime]); }).observe({ type: 'longtask', buffered: true } as any);
}
const sums: Record<string, number[]> = {};
for (let r = 0; r < ROUNDS; r++) {
  const page0 = await chromium.newPage();
  const page = page0;
  try {
    await page.addInitScript(marks);
    await page.addInitScript(installJoinProbe, true);
    await openRoom(page);
    await page.waitForFunction(() => window.joinTrace.connected === 2);
    await page.getByRole('button', { name: 'Join', exact: true, disabled: false }).waitFor();
    await page.waitForTimeout(1200);
    await page.getByRole('button', { name: 'Join', exact: true }).click();
    await page.waitForFunction(() => window.joinTrace.milestones.shown !== undefined); await page.waitForTimeout(200);
    const out = await page.evaluate(() => ({ t: window.joinTrace, marks: (window as any).marks as [string, number][] }));
    const c = out.t.clickedAt!;
    const all = [...out.marks, ...Object.entries(out.t.milestones)].map(([n, t]) => [n, (t as number) - c] as const).filter(([, t]) => t > -5 && t < 400).sort((a, b) => a[1] - b[1]);
    console.log(r, 'decoded', (out.t.milestones.decoded! - c).toFixed(0), 'shown', (out.t.milestones.shown! - c).toFixed(0));
    if (r < 4) console.log(all.map(([n, t]) => `${t.toFixed(1)} ${n}`).join('\n'));
    (sums.decoded ??= []).push(out.t.milestones.decoded! - c);
    (sums.shown ??= []).push(out.t.milestones.shown! - c);
    const ready = out.marks.find(([n, t]) => n === 'send ready' && t > c);
    if (ready) (sums.ready ??= []).push(ready[1] - c);
  } finally { await page.context().close(); }
  const b = await measureJoin(chromium, async (p) => { await p.goto(bare.url); }, false);
  (sums.bare ??= []).push(b.ms); (sums.bareConnected ??= []).push(b.at.connected!);
}
console.log(parley.process.lines.filter((l: string) => l.includes('TT')).join('\n')); for (const [k, v] of Object.entries(sums)) { v.sort((a, b) => a - b); console.log(k, v[v.length >> 1]!.toFixed(0), v.map((x) => x.toFixed(0)).join(' ')); }
process.exit(0);
