import { execSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { installAbleDevice, sentPictures } from '/tmp/w/encodings/test/support/codecs/codec-hooks.ts';
import { story } from '/tmp/w/encodings/test/support/browser/scene.ts';
function tree(pid: number): number[] { const out = execSync(`ps -o pid= --ppid ${pid} || true`).toString().trim().split(/\s+/).filter(Boolean).map(Number); return [pid, ...out.flatMap(tree)]; }
const cpu = (pids: number[]) => pids.reduce((s, p) => { try { const f = readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1]!.split(' '); return s + Number(f[11]) + Number(f[12]); } catch { return s; } }, 0) / 100;
story('cost', async (scene) => {
  for (let round = 0; round < 2; round++) for (const codec of ['vp8', 'h264', 'vp9', 'av1']) {
    const parley = await scene.parley({ VIDEO_CODECS: codec === 'vp8' ? 'vp8' : `${codec},vp8` });
    const before = new Set(execSync('pgrep -x chromium || true').toString().trim().split('\n').map(Number));
    const sol = await scene.person('Sol', { browser: { frameRate: 20 } });
    const mine = execSync('pgrep -x chromium || true').toString().trim().split('\n').map(Number).filter((p) => !before.has(p));
    const roots = mine.filter((p) => { try { return Number(readFileSync(`/proc/${p}/stat`, 'utf8').split(') ')[1]!.split(' ')[1]) === process.pid; } catch { return false; } });
    await sol.page.addInitScript(installAbleDevice);
    await sol.join(parley.room('cost'));
    const vi = await scene.person('Vi', { devices: 'no-camera' });
    await vi.join(parley.room('cost'));
    await vi.page.setViewportSize({ width: 2400, height: 1500 });
    await vi.sees('Sol');
    await sol.page.waitForTimeout(4000);
    const pids = roots.flatMap(tree);
    const [c0, s0, t0] = [cpu(pids), sentPictures(await sol.stats()), Date.now()];
    await sol.page.waitForTimeout(10000);
    const [c1, s1, t1] = [cpu(pids), sentPictures(await sol.stats()), Date.now()];
    const frames = Math.max(...s1.map((e, i) => e.frames - (s0[i]?.frames ?? 0)));
    const raw = (await sol.stats()).flat().filter((e: any) => e.type === 'outbound-rtp' && e.kind === 'video') as any[];
    console.log(JSON.stringify({ round, codec, roots: roots.length, cpuPerFrameMs: ((c1 - c0) * 1000 / frames).toFixed(1), frames, secs: (t1 - t0) / 1000, sizes: s1.map((e) => `${e.width}x${e.height}`), encMs: raw.map((e) => (1000 * e.totalEncodeTime / e.framesEncoded).toFixed(1)), bytes: raw.reduce((s, e) => s + e.bytesSent, 0), lim: raw.map((e) => e.qualityLimitationReason) }));
    await sol.leave(); await vi.leave(); await sol.page.context().browser()?.close().catch(() => {});
  }
});
