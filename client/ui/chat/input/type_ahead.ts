import type { Press } from "./presses.ts";

/**
 * Keys from before the chat reads its terminal, which gives Enter as Ctrl-J until
 * then.
 */
export class TypeAhead {
  #isOver = false;

  /** The pressed key; Enter for each Ctrl-J among the first keys that are read. */
  read(press: Press): Press {
    if (this.#isOver) return press;
    // Whatever waits is read in one turn.
    setTimeout(() => {
      this.#isOver = true;
    });
    return press.kind === "key" && press.name === "ctrl-j"
      ? { kind: "key", name: "enter" }
      : press;
  }
}
