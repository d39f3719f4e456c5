// Waits for an action, and no longer than that.

export async function atMost(ms: number, action: Promise<unknown> | undefined): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([action, late]);
  clearTimeout(timer);
}
