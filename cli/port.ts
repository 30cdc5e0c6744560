/** Is a port free? Found out by binding it for a moment, alone: processes that share one could not tell that others do. */
import { once } from "node:events";
import { createServer } from "node:net";

/** @returns why nobody could bind it, or undefined */
export async function whyNotFree(host: string, port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ host, port, exclusive: true });
    await once(server, "listening");
  } catch (error) {
    return (error as Error).message;
  }
  server.close();
  await once(server, "close");
  return undefined;
}
