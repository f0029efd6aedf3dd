/** Milliseconds after which something that was waited for is a failure. */
const PATIENCE = 120_000;

/** Waits for what nothing announces, such as another process's file. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
): Promise<void> {
  const end = performance.now() + PATIENCE;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Expected ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}
