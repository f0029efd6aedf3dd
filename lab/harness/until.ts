/** Milliseconds after which something that was waited for is a failure. */
const PATIENCE = 120_000;

/** Waits for what nothing announces, such as another process's file. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const start = performance.now();
  while (!(await holds())) {
    const waited = performance.now() - start;
    if (waited > PATIENCE) throw new Error(`Expected ${what}`);
    // A look may cost as much as a process.
    const pause = Math.min(50, 1 + waited / 20);
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
}
