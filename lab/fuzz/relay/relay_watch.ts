/**
 * Loaded before the relay's program, into the same process: prints how much
 * memory it holds and how many connections are open. The program itself runs
 * as it is.
 *
 * @module
 */

const INTERVAL = 100;
const encoder = new TextEncoder();
let accepted = 0;
let open = 0;

function print(): void {
  const { rss } = Deno.memoryUsage();
  Deno.stdout.writeSync(encoder.encode(`watch ${rss} ${accepted} ${open}\n`));
}

function watched<L extends Deno.TcpListener | Deno.TlsListener>(
  listener: L,
): L {
  const accept = listener.accept.bind(listener);
  listener.accept = async () => {
    const conn: Deno.Conn = await accept();
    const close = conn.close.bind(conn);
    accepted++;
    open++;
    conn.close = () => {
      conn.close = close;
      open--;
      close();
    };
    return conn as never;
  };
  return listener;
}

const listen = Deno.listen;
Deno.listen =
  ((options: Deno.TcpListenOptions) =>
    watched(listen(options))) as typeof Deno.listen;

const listenTls = Deno.listenTls;
Deno.listenTls = (options) => watched(listenTls(options));

Deno.unrefTimer(setInterval(print, INTERVAL));
