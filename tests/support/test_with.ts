import { thisPlatform } from "../../shared/platform/platform.ts";

const isWindows = thisPlatform.name === "Windows";

/** What only some systems have, and whether this one has it. */
const FEATURES = {
  "file modes": thisPlatform.hasModes,
  "signals between programs": thisPlatform.signalsPrograms,
  "removal of open files": thisPlatform.removesOpenFiles,
  "ports that programs share": thisPlatform.sharesPorts,
  "Unix shell": !isWindows,
  "time zones by TZ": !isWindows,
  // Making one needs a privilege on Windows.
  "symbolic links": !isWindows,
  // Deno opens the pipes of Windows' own with all permissions only.
  "pseudo-terminals": !isWindows,
  "/dev/full": thisPlatform.name === "Linux",
} as const;

/** Why a test is skipped that needs these of the system, if one is missing. */
export function lacking(
  ...features: readonly (keyof typeof FEATURES)[]
): string | undefined {
  const missing = features.filter((feature) => !FEATURES[feature]);
  if (missing.length === 0) return undefined;
  return missing.map((feature) => `no ${feature} on ${thisPlatform.name}`)
    .join(", ");
}

/**
 * Registers a test that needs permissions; it runs with these and no others.
 * Where it can't run, its name says why.
 *
 * @param missing what this machine lacks for it, if anything
 */
export function testWith(
  permissions: Deno.PermissionOptionsObject,
  name: string,
  fn: (t: Deno.TestContext) => void | Promise<void>,
  missing?: string,
): void {
  const flags = missingFlags(permissions);
  const reason = flags.length > 0 ? `needs ${flags.join(" ")}` : missing;
  Deno.test({ ...skippable(name, reason), permissions, fn });
}

const skippable = (name: string, reason: string | undefined) => ({
  name: reason === undefined ? name : `${name} (skipped: ${reason})`,
  ignore: reason !== undefined,
});

/** Runs a step; where it can't run, its name says why: {@linkcode lacking}. */
export async function stepWith(
  t: Deno.TestContext,
  name: string,
  fn: () => void | Promise<void>,
  missing: string | undefined,
): Promise<void> {
  await t.step({ ...skippable(name, missing), fn });
}

/** How much is tested: what a developer waits for, all of it, or all with long runs. */
export const extent: "quick" | "all" | "slow" = readExtent();

/** Why long tests are skipped, if they are. */
export const skippedAsLong: string | undefined = extent === "quick"
  ? "deno task test:all runs it"
  : undefined;

/** Why tests of many minutes are skipped, if they are. */
export const skippedUnlessSlow: string | undefined = extent === "slow"
  ? undefined
  : "deno task test:slow runs it";

/**
 * Registers a test that takes seconds of processor time, most often since it
 * starts many programs or others than ours: {@linkcode testWith}, but `deno
 * task test` skips it.
 */
export const longTest: typeof testWith = (permissions, name, fn, missing) =>
  testWith(permissions, name, fn, skippedAsLong ?? missing);

/**
 * Registers a test that takes so long, for what it shows, that only `deno task
 * test:slow` runs it: {@linkcode longTest}.
 */
export const slowTest: typeof testWith = (permissions, name, fn, missing) =>
  longTest(
    permissions,
    name,
    fn,
    extent === "slow" ? missing : "deno task test:slow runs it",
  );

function readExtent(): typeof extent {
  const name = "MESSAGEU_TESTS";
  const { state } = Deno.permissions.querySync({ name: "env", variable: name });
  const value = state === "granted" ? Deno.env.get(name) : undefined;
  if (value === undefined) return "quick";
  if (value === "all" || value === "slow") return value;
  throw new Error(`${name} is "all", "slow" or not set, and not "${value}"`);
}

/** Whether the tests may run the shell, which finds out what this machine has. */
export function mayRunShell(): boolean {
  const shell = { name: "run", command: "sh" } as const;
  return Deno.permissions.querySync(shell).state === "granted";
}

// JSR's own @db/sqlite, unlike the stand-in, loads a native library.
const SQLITE: Deno.PermissionOptionsObject =
  import.meta.resolve("@db/sqlite").endsWith("/jsr/sqlite.ts")
    ? {}
    : { ffi: true, env: true };

/** Sockets on this machine only. */
export const LOOPBACK: Deno.PermissionOptionsObject = { net: ["127.0.0.1"] };

/** Temporary folders, and databases in them. */
export const FILES: Deno.PermissionOptionsObject = {
  read: true,
  write: true,
  ...SQLITE,
};

/** Temporary folders, and a relay with its database in one. */
export const LOOPBACK_AND_FILES: Deno.PermissionOptionsObject = {
  ...LOOPBACK,
  ...FILES,
};

/** Other Deno programs, with sockets and temporary folders beside them. */
export const PROGRAMS: Deno.PermissionOptionsObject = {
  ...LOOPBACK_AND_FILES,
  run: [Deno.execPath()],
};

/** Other programs, the shell among them. */
export const SHELL: Deno.PermissionOptionsObject = {
  ...PROGRAMS,
  env: true,
  run: [Deno.execPath(), "sh"],
};

/** Programs in a pseudo-terminal, which a native library makes. */
export const TERMINALS: Deno.PermissionOptionsObject = {
  ...PROGRAMS,
  env: true,
  ffi: true,
};

/** The same, and signals for them, which a shell sends. */
export const SCREENS: Deno.PermissionOptionsObject = {
  ...TERMINALS,
  run: [Deno.execPath(), "sh"],
};

function missingFlags(permissions: Deno.PermissionOptionsObject): string[] {
  const flags: string[] = [];
  for (const [name, value] of Object.entries(permissions)) {
    const granted = descriptors(name, value).every((descriptor) =>
      Deno.permissions.querySync(descriptor).state === "granted"
    );
    if (!granted) flags.push(`--allow-${name}`);
  }
  return flags;
}

function descriptors(
  name: string,
  value: boolean | "inherit" | readonly (string | URL)[],
): Deno.PermissionDescriptor[] {
  const key = name === "net" ? "host" : name === "run" ? "command" : "path";
  return (Array.isArray(value)
    ? value.map((item) => ({ name, [key]: item }))
    : [{ name }]) as Deno.PermissionDescriptor[];
}
