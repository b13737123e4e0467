// Has a server of Node listen, and says plainly why it cannot.

import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createError } from "../errors.js";

/** Listens; gives the port, which the system chooses where it is 0. `hint` says how to choose another place. */
export async function listening(
  server: Server,
  { host, port }: { host: string; port: number },
  hint: string,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error) => reject(refusal(error, host, port, hint)));
    server.listen(port, host, resolve);
  });
  return (server.address() as AddressInfo).port;
}

function refusal(error: NodeJS.ErrnoException, host: string, port: number, hint: string): Error {
  const why = {
    EADDRINUSE: `port ${port} is in use by another program`,
    EACCES: `port ${port} needs more rights`,
    EADDRNOTAVAIL: `${host} is not an address of this machine`,
    ENOTFOUND: `${host} is not an address of this machine`,
  }[error.code ?? ""];
  if (why === undefined) return error;
  return createError({ code: "invalid_argument", message: why, hint, cause: error });
}
