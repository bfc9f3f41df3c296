/** The live service of the tests, and a proxy in front of it that fails. */

import assert from "node:assert/strict";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { after } from "node:test";

const { TODO_API_URL } = process.env;
assert(TODO_API_URL, "Set TODO_API_URL to the URL of a service.");
export const baseUrl = TODO_API_URL;

/** What the proxy does with a request, instead of forwarding the request and the response. */
export type Failure =
  | { status: number; retryAfter?: string } // the request is not executed
  | "lost response"; // the request is executed

/** Start a proxy that fails in these ways, one for each request, and then forwards. */
export async function failingProxy(...failures: Failure[]): Promise<{
  baseUrl: string;
  requests: string[];
}> {
  const requests: string[] = [];
  const server = createServer(async (request, response) => {
    requests.push(`${request.method} ${request.headers["idempotency-key"] ?? ""}`.trim());
    const failure = failures.shift();
    if (typeof failure === "object") {
      const { status, retryAfter } = failure;
      response.writeHead(status, retryAfter === undefined ? {} : { "Retry-After": retryAfter });
      response.end();
      return;
    }
    const forwarded = await forward(request);
    if (failure === "lost response") {
      request.socket.destroy();
      return;
    }
    response.writeHead(forwarded.status, Object.fromEntries(forwarded.headers));
    response.end(await forwarded.text());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return { baseUrl: `http://127.0.0.1:${port}`, requests };
}

/** Send the request to the service, with the headers that matter to it. */
async function forward(request: IncomingMessage): Promise<Response> {
  const headers = new Headers();
  for (const name of ["content-type", "idempotency-key", "if-match"]) {
    const value = request.headers[name];
    if (typeof value === "string") headers.set(name, value);
  }
  const { method = "GET", url = "" } = request;
  const body = await text(request);
  return fetch(baseUrl + url, { method, headers, ...(body && { body }) });
}
