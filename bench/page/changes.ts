// The changes of a room whose cost is measured, and what the browser did meanwhile.
import type { Page } from 'playwright-core';

export interface Cost {
  /** Work of the main thread per change, without what pictures that move cost. Milliseconds. */
  perChange: number;
  script: number;
  styleAndLayout: number;
  /**
   * The longest task of the main thread, in the time that it had the processor: on a busy machine a task that waits
   * for its turn is not long. Milliseconds.
   */
  longestTask: number;
}

/** Each runs in the page. `n` counts the changes, from 0. */
export const CHANGES = {
  'someone mutes, or unmutes': (n: number) => {
    window.gallery.mutes(1 + (n % 40), n % 80 < 40);
  },
  'someone else speaks': (n: number) => {
    window.gallery.speak(1 + (n % 40));
  },
  'someone joins, or leaves again': (n: number) => {
    if (n % 2 === 0) window.gallery.join(1);
    else window.gallery.leaves(window.gallery.came - 1);
  },
  'the page is turned': (n: number) => {
    const name = n % 2 === 0 ? 'Next people' : 'Previous people';
    document.querySelector<HTMLElement>(`button[aria-label="${name}"]`)?.click();
  },
  'the list is scrolled': (n: number) => {
    const list = document.querySelector('aside ul');
    if (list) list.scrollTop = (n * 700) % (list.scrollHeight + 1);
  },
  'a letter is searched for': (n: number) => {
    const field = document.querySelector<HTMLInputElement>('aside input');
    if (!field) return;
    field.value = ['a', 'an', 'ang', 'o', ''][n % 5] ?? '';
    field.dispatchEvent(new Event('input', { bubbles: true }));
  },
} as const;

export type Change = keyof typeof CHANGES;

const COUNT = 60;

/** @param idle the cost of as many frames in which nothing changes */
export async function measure(page: Page, change: Change | undefined): Promise<Cost> {
  const session = await page.context().newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  const read = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
    return {
      task: of('TaskDuration'),
      script: of('ScriptDuration'),
      layout: of('LayoutDuration') + of('RecalcStyleDuration'),
    };
  };
  const before = await read();
  const browser = page.context().browser();
  await browser?.startTracing(page, {
    categories: ['toplevel', 'disabled-by-default-devtools.timeline'],
  });
  await page.evaluate(
    async ([source, count]) => {
      const run = source === undefined ? () => {} : new Function(`return ${source}`)();
      for (let n = 0; n < count; n++) {
        run(n);
        await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
      }
    },
    [change && CHANGES[change].toString(), COUNT] as const,
  );
  const longestTask = longestTaskIn(String(await browser?.stopTracing()));
  const after = await read();
  await session.detach();
  const perChange = (key: keyof typeof after) => ((after[key] - before[key]) * 1000) / COUNT;
  return {
    perChange: perChange('task'),
    script: perChange('script'),
    styleAndLayout: perChange('layout'),
    longestTask,
  };
}

interface TraceEvent {
  name: string;
  ph: string;
  pid: number;
  tid: number;
  /** Microseconds of the processor. */
  tdur?: number;
  args?: { name?: string };
}

/** The longest task of any main thread: there is one page. Milliseconds. */
function longestTaskIn(trace: string): number {
  const { traceEvents } = JSON.parse(trace) as { traceEvents: TraceEvent[] };
  const main = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid} ${tid}`),
  );
  const tasks = traceEvents.filter(
    ({ name, ph, pid, tid }) => ph === 'X' && name.endsWith('RunTask') && main.has(`${pid} ${tid}`),
  );
  return tasks.reduce((longest, { tdur = 0 }) => Math.max(longest, tdur / 1000), 0);
}
