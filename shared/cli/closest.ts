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
      edits: distance(typed, candidate.toLowerCase()),
    }))
    .filter(({ edits }) => edits <= Math.ceil(word.length / 3))
    .sort((a, b) => a.edits - b.edits);
  return best?.candidate;
}
