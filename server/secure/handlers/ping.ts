import { respond } from "../response.ts";
import type { SecureHandler } from "./handler.ts";

/** 3013: keeps a connection from being silent (PNG-1). */
export const ping: SecureHandler<"ping"> = () => respond("ping", {});
