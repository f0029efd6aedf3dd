/**
 * Runs the full-screen chat, on copies of the environment variables that it needs,
 * so that no others can be read once it shows foreign messages.
 *
 * @module
 */

import process from "node:process";
import { UsageError } from "../../../../shared/cli/program.ts";
import type { Platform } from "../../../../shared/platform/platform.ts";
import type { Spell } from "../../../advice.ts";
import { NotRegisteredError, UserError } from "../../../errors.ts";
import { inTime } from "../../../../shared/cli/time.ts";
import type { Session } from "../../../session/session.ts";
import { isDumb } from "../../terminal.ts";
import type { Unsent } from "./sender.ts";
import { ChatController } from "./controller.ts";
import { editText } from "../input/external_editor.ts";
import { bindKeys, type OwnKeys } from "../../../settings/chat_actions.ts";
import type {
  ColourMode,
  NotifyMode,
  SettingName,
} from "../../../settings/settings.ts";
import { openFile } from "../input/file_opener.ts";
import { TerminalGuard } from "../view/terminal_guard.ts";

/** Milliseconds to wait for the editor at the end of the chat. */
const EDITOR_PATIENCE = 2000;

/** Milliseconds to send what has been entered at the end of the chat. */
const SEND_PATIENCE = 2000;

/** Options of {@linkcode runChat}. */
export interface ChatOptions {
  /** The first conversation. Default: none, until the user opens one */
  name?: string;
  /** How to notify of messages in other conversations. */
  notify: NotifyMode;
  /** When to draw in colours. */
  colours: ColourMode;
  /** Whether the mouse wheel scrolls. */
  mouse: boolean;
  /** Whether received files go to a folder that stays. */
  keepsFiles: boolean;
  /** Keys in place of the default ones. */
  keys: OwnKeys;
  /** How the user's shell has commands that the chat lacks. */
  spell: Spell;
  /** Writes a setting into the settings file. */
  keep: (name: SettingName, value: string) => Promise<void>;
  /** Whether to ignore SIGHUP, as since the start of the program. */
  isHangupIgnored: boolean;
  platform: Platform;
}

/**
 * Runs the chat until the user leaves; restores the terminal.
 *
 * @returns the exit code: 0, or 128 plus the number of the signal that ended it
 * @throws {UsageError} if standard input or output isn't a terminal, or can't
 * move its cursor
 * @throws {UserError} if the folder has no identity, no client has the name, or
 * access to the environment is denied
 */
export async function runChat(
  session: Session,
  options: ChatOptions,
): Promise<number> {
  if (!Deno.stdin.isTerminal() || !Deno.stdout.isTerminal()) {
    throw new UsageError(
      "chat needs a terminal; the other verbs work in pipes too",
    );
  }
  if (await session.identity() === undefined) throw new NotRegisteredError();
  const { platform } = options;
  await copyEnvironment(options.colours);
  if (isDumb()) {
    throw new UsageError(
      "chat draws on the whole screen, which this terminal can't do (TERM is dumb); the other verbs work in it",
    );
  }
  const first = options.name === undefined
    ? undefined
    : await session.contactSettings.choose(options.name);
  // Ink is large; other verbs don't load it.
  const { show } = await import("../view/view.ts");
  await Deno.permissions.revoke({ name: "env" });
  const left = Promise.withResolvers<number>();
  let frames: ReturnType<typeof show> | undefined;
  const ending = new AbortController();
  let editing: Promise<void> | undefined;
  let unsent: Unsent = { waiting: 0, begun: 0 };
  try {
    /** Lends the terminal while `work` runs. */
    const lend = async (work: () => Promise<void>) => {
      await frames?.suspend(() => guard.lend(work));
      // Its size may have changed meanwhile.
      process.stdout.emit("resize");
    };
    const stop = () => {
      const stopped = guard.isLent ? guard.stop() : lend(() => guard.stop());
      stopped.catch(left.reject);
    };
    using guard = new TerminalGuard({
      leave: left.resolve,
      fail: left.reject,
      focus: (focused) => controller.focus(focused),
      press: (press) => controller.press(press),
      isHangupIgnored: options.isHangupIgnored,
      platform,
      mouse: options.mouse,
      stop,
      resume: () => {
        if (!guard.isLent) lend(async () => {}).catch(left.reject);
      },
    });
    using controller: ChatController = new ChatController(
      session,
      options.notify,
      Deno.consoleSize(),
      {
        signal: (sequence) => void process.stdout.write(sequence),
        title: (text) => guard.title(text),
        toggleMouse: () => guard.toggleMouse(),
        redraw: () => frames?.redraw(),
        stop,
        edit: (text) => {
          let edited = text;
          const lent = lend(async () => {
            edited = await editText(text, ending.signal, platform);
          });
          editing = lent.catch(() => {});
          return lent.then(() => edited);
        },
        list: namesIn,
        openFile: (path) => openFile(path, platform),
        spell: options.spell,
        keep: options.keep,
        keepsFiles: options.keepsFiles,
        bindings: bindKeys(options.keys, platform),
        home: process.env[platform.homeVariable],
        platform,
        now: () => performance.now(),
        leave: left.resolve,
        fail: left.reject,
      },
    );
    try {
      frames = show(controller, isColoured(options.colours));
      frames.gone.then(() => left.resolve(0), left.reject);
      controller.start(first);
      return await left.promise;
    } finally {
      // Gives the editor time to end, so that its file is removed.
      ending.abort();
      if (editing !== undefined) {
        await inTime(editing, EDITOR_PATIENCE, undefined);
      }
      await frames?.end().catch(() => guard.abandon());
      unsent = await controller.end(SEND_PATIENCE);
    }
  } finally {
    tellUnsent(unsent);
  }
}

/** Tells the user which messages are left, and what sends them. */
function tellUnsent({ waiting, begun }: Unsent): void {
  if (waiting > 0) {
    console.error(
      waiting === 1
        ? "1 message waits for the relay; the next chat or pull sends it"
        : `${waiting} messages wait for the relay; the next chat or pull sends them`,
    );
  }
  if (begun > 0) {
    console.error(
      `${
        begun === 1 ? "1 message isn't" : `${begun} messages aren't`
      } sent; /resend in chat tries again`,
    );
  }
}

/** Lists a folder; folders end with a slash. Returns no names if it can't be read. */
async function namesIn(folder: string): Promise<string[]> {
  const names: string[] = [];
  try {
    for await (const { name, isDirectory } of Deno.readDir(folder)) {
      names.push(isDirectory ? `${name}/` : name);
    }
  } catch (error) {
    // An unreadable folder has no completions.
    if (!(error instanceof Error)) throw error;
  }
  return names;
}

/** Whether to draw in colours; a setting precedes NO_COLOR. */
function isColoured(colours: ColourMode): boolean {
  return colours === "auto" ? !process.env.NO_COLOR : colours === "always";
}

/** Variables that the chat and its libraries read. */
const VARIABLES = [
  ...["HOME", "USERPROFILE", "VISUAL", "EDITOR", "NO_COLOR", "NODE_ENV", "DEV"],
  ...["TERM", "TERM_PROGRAM", "TERM_PROGRAM_VERSION", "COLORTERM", "TMUX"],
  ...["COLUMNS", "LINES", "FORCE_COLOR", "INK_SCREEN_READER"],
  ...["CI", "CI_NAME", "CONTINUOUS_INTEGRATION", "TEAMCITY_VERSION"],
  ...["TF_BUILD", "AGENT_NAME", "GITHUB_ACTIONS", "GITEA_ACTIONS"],
  ...["CIRCLECI", "TRAVIS", "APPVEYOR", "GITLAB_CI", "BUILDKITE", "DRONE"],
] as const;

/**
 * Replaces `process.env` by a copy of these variables. Child processes still get
 * the whole environment.
 *
 * @throws {UserError} if access to the environment is denied
 */
async function copyEnvironment(colours: ColourMode): Promise<void> {
  const isGranted = VARIABLES.every((variable) =>
    Deno.permissions.querySync({ name: "env", variable }).state === "granted"
  );
  if (!isGranted) {
    const { state } = await Deno.permissions.request({ name: "env" });
    if (state !== "granted") {
      throw new UserError(
        "chat needs environment variables such as TERM",
        "Run it with --allow-env",
      );
    }
  }
  const copy: Record<string, string> = {};
  for (const name of VARIABLES) {
    const value = Deno.env.get(name);
    if (value !== undefined) copy[name] = value;
  }
  // Selects the fast build of React.
  copy["NODE_ENV"] ??= "production";
  // Ink leaves colours out on terminals that don't announce them.
  if (colours === "always") copy["FORCE_COLOR"] ??= "1";
  process.env = copy;
}
