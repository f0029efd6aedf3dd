/**
 * The candidate that a mistyped word most likely means, for "did you mean …".
 *
 * @returns undefined if none is close
 */
export async function closest<T extends string>(
  word: string,
  candidates: readonly T[],
): Promise<T | undefined> {
  const { distance } = await import("fastest-levenshtein");
  const typed = word.toLowerCase();
  const [best] = candidates
    .map((candidate) => ({
      candidate,
      edits: isTransposed(typed, candidate.toLowerCase())
        ? 1
        : distance(typed, candidate.toLowerCase()),
    }))
    .filter(({ edits }) => edits <= Math.ceil(word.length / 3))
    .sort((a, b) => a.edits - b.edits);
  return best?.candidate;
}

/** Whether two words differ by the order of two neighbouring letters, which is one slip. */
function isTransposed(a: string, b: string): boolean {
  if (a.length !== b.length) return false;
  const at = [...a].findIndex((_, index) => a[index] !== b[index]);
  return at >= 0 && a[at] === b[at + 1] && a[at + 1] === b[at] &&
    a.slice(at + 2) === b.slice(at + 2);
}
