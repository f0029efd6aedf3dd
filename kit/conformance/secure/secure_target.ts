/**
 * The checked server: its secure port, its key and, if known, its legacy port.
 *
 * @module
 */

import { reasonOf } from "../../../shared/cli/reason.ts";
import { inTime } from "../../../shared/cli/time.ts";
import type { Address } from "../../../shared/folder/info_files.ts";
import {
  RELAY_HOST_NAME,
  trustAnchor,
} from "../../../shared/secure/relay_certificate.ts";
import type { RelayLine } from "../../../shared/secure/relay_line.ts";
import { closeConn } from "../../close_conn.ts";
import { NoConnection } from "../server/target.ts";

/** Number of tries to connect: servers limit handshakes by the second. */
const TRIES = 4;
/** Milliseconds until the next one. */
const PAUSE = 400;

/** A checked server. */
export class SecureTarget {
  /** Its secure port and key. */
  readonly line: RelayLine;
  /** Its legacy port; undefined if none is known. */
  readonly legacy: Address | undefined;
  /** Time-out of a response in milliseconds. */
  readonly timeout: number;
  #served = false;

  constructor(
    line: RelayLine,
    legacy: Address | undefined,
    timeout: number,
  ) {
    this.line = line;
    this.legacy = legacy;
    this.timeout = timeout;
  }

  /**
   * Connects and completes the handshake, with the line's key as only anchor.
   *
   * @throws {NoConnection} if it fails
   */
  async connect(): Promise<Deno.TlsConn> {
    const tries = this.#served ? TRIES : 1;
    for (let left = tries;; left--) {
      try {
        const conn = await this.#handshake();
        this.#served = true;
        return conn;
      } catch (error) {
        if (!(error instanceof NoConnection) || left <= 1) throw error;
      }
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  async #handshake(): Promise<Deno.TlsConn> {
    const tcp = await this.open();
    let conn: Deno.TlsConn | undefined;
    try {
      const { key } = this.line;
      tcp.setNoDelay(true);
      conn = await Deno.startTls(tcp, {
        hostname: RELAY_HOST_NAME,
        caCerts: [trustAnchor(key)],
      });
      const shaken = conn.handshake().then(() => true);
      if (await inTime(shaken, this.timeout, false)) return conn;
      shaken.catch(() => {});
    } catch (error) {
      closeConn(conn ?? tcp);
      throw new NoConnection(
        `no handshake with the line's key: ${reasonOf(error)}`,
      );
    }
    closeConn(conn);
    throw new NoConnection(`no handshake within ${this.timeout} ms`);
  }

  /**
   * Connects to the secure port without a handshake.
   *
   * @throws {NoConnection} if it fails
   */
  open(address: Address = this.line): Promise<Deno.TcpConn> {
    const { hostname, port } = address;
    return Deno.connect({ hostname, port }).catch((error) => {
      throw new NoConnection(reasonOf(error));
    });
  }
}
