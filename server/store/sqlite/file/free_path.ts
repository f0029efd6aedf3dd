import { statIfThere } from "./stat_if_there.ts";

/** A path that nothing has: this one, or with `-2`, `-3` and so on behind it. */
export function freePath(path: string): string {
  let free = path;
  for (let n = 2; statIfThere(free) !== undefined; n++) free = `${path}-${n}`;
  return free;
}
