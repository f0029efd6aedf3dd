import config from "../../deno.json" with { type: "json" };

/** The project's version. */
export const VERSION: string = config.version;

/** Adds `--help`, which prints `help`, and `--version` to a program. */
export function withHelp(
  help: string,
  main: (args: readonly string[]) => Promise<number | void>,
): (args: readonly string[]) => Promise<number | void> {
  return async (args) => {
    const end = args.indexOf("--");
    const flags = args.slice(0, end < 0 ? undefined : end);
    if (flags.includes("--help")) return console.log(help.trimEnd());
    if (flags.includes("--version")) return console.log(VERSION);
    return await main(args);
  };
}
