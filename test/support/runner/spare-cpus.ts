// How much of the machine other programs leave free at the moment.
import { cpus } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

/** Long enough for a figure, short beside any part of the tests. */
const LOOK_MS = 1_000;
/** With less than this share of its CPUs free, the machine counts as busy. */
const BUSY_BELOW = 0.5;

interface Times {
  idle: number;
  all: number;
}

function times(): Times {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const each = cpus().map((cpu) => cpu.times);
  return { idle: sum(each.map(({ idle }) => idle)), all: sum(each.flatMap(Object.values)) };
}

export function isBusy(before: Times, after: Times): boolean {
  const all = after.all - before.all;
  return all > 0 && (after.idle - before.idle) / all < BUSY_BELOW;
}

/** Whether other programs use most of the machine. Nothing of ours may run meanwhile. */
export async function machineIsBusy(): Promise<boolean> {
  const before = times();
  await wait(LOOK_MS);
  return isBusy(before, times());
}
