import native, { type PlatformPath } from "node:path";

/**
 * Whether a path is a folder's or below it.
 *
 * @param folder an absolute path
 * @param rules how paths are written and compared
 */
export function isWithin(
  folder: string,
  path: string,
  { relative, isAbsolute, sep }: PlatformPath = native,
): boolean {
  const within = relative(folder, path);
  // On Windows a path on another drive stays absolute.
  return within.split(sep)[0] !== ".." && !isAbsolute(within);
}
