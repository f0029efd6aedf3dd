const MIB = 1024 * 1024;

/** A relay's limits. Where nothing else is said, 0 means that there is none. */
export interface Limits {
  /** Bytes of the largest payload that is accepted; not 0. */
  maxMessage: number;
  /**
   * Bytes of memory for all requests and responses under way together; past it,
   * reading pauses. At least twice `maxMessage`.
   */
  maxInflight: number;
  /** Connections at once. */
  maxConnections: number;
  /** Connections at once from one address (of IPv6: from one /64 network). */
  maxConnectionsPerAddress: number;
  /** Messages that wait for one recipient. */
  maxWaiting: number;
  /** Bytes of the contents that wait for one recipient. */
  maxWaitingBytes: number;
  /** Registrations from one address within a minute. */
  registrationsPerMinute: number;
  /** TLS connections accepted from one address within a second. */
  secureHandshakes: number;
  /**
   * Milliseconds in which a begun request, or a response that is being read,
   * must be complete or get a good deal further; not 0.
   */
  progressTimeout: number;
}

/** The limits where no flag sets others. */
export const defaultLimits: Readonly<Limits> = {
  maxMessage: 64 * MIB,
  maxInflight: 256 * MIB,
  maxConnections: 20_000,
  maxConnectionsPerAddress: 1000,
  maxWaiting: 10_000,
  maxWaitingBytes: 1024 * MIB,
  registrationsPerMinute: 120,
  secureHandshakes: 20,
  progressTimeout: 30_000,
};
