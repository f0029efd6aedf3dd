/**
 * Listens on the loopback for connections that seem to come from elsewhere.
 *
 * @param addresses of those that connect next, in their order; the loopback for others
 */
export function listenWithAddresses(addresses: string[]): Deno.TcpListener {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const accept = listener.accept.bind(listener);
  listener.accept = async () => {
    const conn = await accept();
    const { remoteAddr } = conn;
    const hostname = addresses.shift() ?? remoteAddr.hostname;
    const value = { ...remoteAddr, hostname };
    return Object.defineProperty(conn, "remoteAddr", { value });
  };
  return listener;
}
