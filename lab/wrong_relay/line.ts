/** What the relay needs of a connection and of a listener, so that faults can stand in between. */

/** A connection, as far as the relay uses it. */
export type Line = Pick<
  Deno.TcpConn,
  | "read"
  | "write"
  | "closeWrite"
  | "close"
  | "remoteAddr"
  | "setNoDelay"
  | "setKeepAlive"
>;

/** Where connections come in, as far as the relay uses it. */
export interface Listener {
  readonly addr: Deno.NetAddr;
  accept(): Promise<Line>;
  close(): void;
}

/** Passes everything on; a fault overrides what it does wrong. */
export class LineAround implements Line {
  protected readonly inner: Line;

  constructor(inner: Line) {
    this.inner = inner;
  }

  get remoteAddr(): Deno.NetAddr {
    return this.inner.remoteAddr;
  }

  setNoDelay(noDelay?: boolean): void {
    this.inner.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive?: boolean): void {
    this.inner.setKeepAlive(keepAlive);
  }

  read(into: Uint8Array): Promise<number | null> {
    return this.inner.read(into);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.inner.write(bytes);
  }

  closeWrite(): Promise<void> {
    return this.inner.closeWrite();
  }

  close(): void {
    this.inner.close();
  }
}

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
