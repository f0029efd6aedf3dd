import { assertEquals } from "@std/assert";
import { ClientsDirectory } from "../../../server/relay/clients_directory.ts";
import {
  Connection,
  type Transport,
} from "../../../server/relay/connection.ts";
import { Dispatcher } from "../../../server/relay/dispatcher.ts";
import { LegacyProtocol } from "../../../server/relay/legacy_protocol.ts";
import { Account } from "../../../server/relay/limits/connection_limit.ts";
import { defaultLimits } from "../../../server/relay/limits/limits.ts";
import { MemoryBudget } from "../../../server/relay/limits/memory_budget.ts";
import { RateLimit } from "../../../server/relay/limits/rate_limit.ts";
import { openSqliteStore } from "../../../server/mod.ts";
import { encodeRequest, responseHeader } from "../../../shared/wire/frames.ts";
import {
  RESPONSE_HEADER_SIZE,
  ZERO_ID,
} from "../../../shared/wire/protocol.ts";
import { ERROR_CODE } from "../../../shared/wire/requests.ts";
import { temporaryFolder } from "../../../lab/harness/resources.ts";
import { FILES, testWith } from "../../support/test_with.ts";

/** Turns of the event loop's microtasks in which a request is on its way to be served. */
const TURNS = 24;

/** A connection whose bytes come when a test says so. */
class Wire implements Transport {
  readonly written: Uint8Array[] = [];
  #closed = false;
  #arrived = Promise.withResolvers<Uint8Array>();

  arrive(bytes: Uint8Array): void {
    this.#arrived.resolve(bytes);
  }

  async read(into: Uint8Array): Promise<number> {
    const bytes = await this.#arrived.promise;
    this.#arrived = Promise.withResolvers();
    into.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array): Promise<number> {
    if (this.#closed) {
      return Promise.reject(new Deno.errors.BadResource("closed"));
    }
    this.written.push(bytes.slice());
    return Promise.resolve(bytes.length);
  }

  closeWrite(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#closed = true;
    // Nobody may be reading.
    this.#arrived.promise.catch(() => {});
    this.#arrived.reject(new Deno.errors.Interrupted("closed"));
  }
}

testWith(
  FILES,
  "a request that has arrived is answered, whenever its connection is drained",
  async () => {
    await using folder = await temporaryFolder();
    const store = await openSqliteStore(`${folder.path}/db.defensive`);
    const { maxMessage } = defaultLimits;
    const dispatcher = new Dispatcher({
      store,
      limits: defaultLimits,
      directory: new ClientsDirectory(store),
      registrations: new RateLimit(0),
    }, () => {});
    const protocol = new LegacyProtocol(dispatcher, maxMessage);
    const request = encodeRequest("clientsList", {}, { clientId: ZERO_ID });
    const answers: number[][] = [];
    for (let turns = 0; turns < TURNS; turns++) {
      const wire = new Wire();
      const connection = new Connection(wire, new Account("127.0.0.1"), 1, {
        protocol,
        budget: new MemoryBudget(defaultLimits),
        life: { signs: 0 },
        closeGrace: 0,
        watcher: undefined,
      });
      const served = connection.serve();
      wire.arrive(request);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      connection.drain();
      await served;
      answers.push(
        wire.written.map((bytes) =>
          responseHeader.decode(bytes.subarray(0, RESPONSE_HEADER_SIZE)).code
        ),
      );
    }
    await store.close();
    assertEquals(answers, Array(TURNS).fill([ERROR_CODE]));
  },
);
