/**
 * What keeps other users of a machine away from files: their modes, or, on a
 * system without modes, a place in the user's profile, which is closed to others.
 *
 * @module
 */

import { win32 } from "node:path";
import { type Platform, thisPlatform } from "../platform/platform.ts";
import { isWithin } from "./within.ts";

/** How other users may reach files that should be their owner's alone. */
export interface Exposure {
  /** What they may reach, in a sentence that begins with a path. */
  what: string;
  /** How to close it to them. */
  advice: string;
}

/** What {@linkcode findExposure} looks at. */
export interface ExposedPlace {
  /** The folder of the files. */
  folder: string;
  /** Permissions that must not be in the modes, by path. */
  masks: Readonly<Record<string, number>>;
  /** Reads an environment variable. */
  env: (name: string) => string | undefined;
}

/**
 * Looks for files that other users may reach.
 *
 * @returns undefined if they can't
 * @throws {Error} if a mode can't be read
 */
export function findExposure(
  { folder, masks, env }: ExposedPlace,
  platform: Platform = thisPlatform,
): Exposure | undefined {
  return platform.hasModes
    ? openModes(masks)
    : openPlace(win32.resolve(folder), env(platform.homeVariable));
}

function openModes(masks: ExposedPlace["masks"]): Exposure | undefined {
  const open = Object.entries(masks).flatMap(([path, mask]) => {
    const mode = Deno.statSync(path).mode ?? 0;
    return (mode & mask) === 0 ? [] : `${path} (${(mode & 0o777).toString(8)})`;
  });
  if (open.length === 0) return undefined;
  return {
    what: `${open.join(", ")} can be accessed by other users`,
    advice: "chmod 700 the folder and chmod 600 its files",
  };
}

function openPlace(
  folder: string,
  home: string | undefined,
): Exposure | undefined {
  if (home !== undefined && isWithin(home, folder, win32)) return undefined;
  const profile = home === undefined ? "a profile" : `your profile ${home}`;
  return {
    what:
      `${folder} is outside of ${profile}, so other users may be able to read it`,
    advice:
      `move it into the profile, or close it: icacls "${folder}" /inheritance:r /grant:r "YOUR-USER:(OI)(CI)F"`,
  };
}
