/** What the connections from one address have together. */
export class Account {
  /** The address, as limits count it. */
  readonly address: string;
  /** Connections that are open. */
  connections = 0;
  /** Bytes of shared memory that they hold. */
  held = 0;

  /** It has nothing yet. */
  constructor(address: string) {
    this.address = address;
  }
}
