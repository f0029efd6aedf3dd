/**
 * What a user can do about a failure. It may name commands, which each interface
 * spells its own way.
 *
 * @module
 */

/** A command of the client: a verb and its arguments. */
export class Command {
  readonly words: readonly [verb: string, ...args: string[]];

  constructor(...words: [verb: string, ...args: string[]]) {
    this.words = words;
  }
}

/** Spells a command for the user. */
export type Spell = (command: Command) => string;

/** Spells a command as `"verb argument"`. */
export const quotedCommand: Spell = ({ words }) => `"${words.join(" ")}"`;

/** A text that may name commands; as a string it has them in quotes. */
export class Advice {
  readonly #parts: readonly (string | Command | Advice)[];

  constructor(...parts: readonly (string | Command | Advice)[]) {
    this.#parts = parts;
  }

  /** The text with the commands as an interface spells them. */
  spelled(spell: Spell): string {
    return this.#parts.map((part) => {
      if (part instanceof Command) return spell(part);
      return part instanceof Advice ? part.spelled(spell) : part;
    }).join("");
  }

  toString(): string {
    return this.spelled(quotedCommand);
  }
}
