/**
 * A class that passes everything on to an inner object; a subclass overrides
 * what it does wrong.
 */
export function around<T extends object>(): new (
  inner: T,
) => T & { readonly inner: T } {
  class Around {
    constructor(readonly inner: T) {}
  }
  const passing: ProxyHandler<T> = {
    get(_target, name, { inner }: Around) {
      const value = Reflect.get(inner, name);
      return typeof value === "function" ? value.bind(inner) : value;
    },
  };
  Object.setPrototypeOf(Around.prototype, new Proxy({} as T, passing));
  return Around as never;
}
