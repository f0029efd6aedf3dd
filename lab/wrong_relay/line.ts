/** What the relay needs of a connection and of a listener, so that faults can stand in between. */

import { around } from "./around.ts";

/** A connection, as far as the relay uses it. */
export interface Line {
  readonly remoteAddr: Deno.NetAddr;
  read(into: Uint8Array): Promise<number | null>;
  write(bytes: Uint8Array): Promise<number>;
  closeWrite(): Promise<void>;
  close(): void;
  setNoDelay(noDelay?: boolean): void;
  setKeepAlive(keepAlive?: boolean): void;
}

/** Where connections come in, as far as the relay uses it. */
export interface Listener {
  readonly addr: Deno.NetAddr;
  accept(): Promise<Line>;
  close(): void;
}

/** A connection with faults, which a subclass overrides. */
export class LineAround extends around<Line>() {}

/** Wraps each connection as it comes in. */
export function aroundEach(
  listener: Listener,
  wrap: (line: Line) => Line,
): Listener {
  return {
    addr: listener.addr,
    accept: async () => wrap(await listener.accept()),
    close: () => listener.close(),
  };
}
