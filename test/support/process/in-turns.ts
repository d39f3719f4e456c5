// Makes many of something, a few at once.

/** @returns what was made, in the order of their numbers */
export async function inTurns<T>(
  count: number,
  atOnce: number,
  make: (n: number) => Promise<T>,
): Promise<T[]> {
  const made: T[] = [];
  let next = 0;
  const work = async () => {
    for (let n = next++; n < count; n = next++) made[n] = await make(n);
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  return made;
}
