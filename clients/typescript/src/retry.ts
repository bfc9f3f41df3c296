/** A `fetch` that repeats requests after a failure, if that is safe. */

const IDEMPOTENT = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]; // RFC 9110 §9.2.2
const TEMPORARY = [429, 502, 503, 504];
/** Responses after earlier attempts, which may have been executed: a 412 can be their effect. */
export const repeated = new WeakSet<Response>();

export type RetryOptions = {
  fetch?: typeof globalThis.fetch;
  maxAttempts?: number;
  maxSeconds?: number; // after which no further attempt starts
  onRetry?: (cause: Error | Response, seconds: number) => void; // before each pause
};

/** Return a `fetch` that waits as `Retry-After` says, or longer after each attempt. */
export function withRetry(options: RetryOptions = {}): typeof globalThis.fetch {
  const { fetch = globalThis.fetch, maxAttempts = 4, maxSeconds = 30, onRetry } = options;
  return async (input, init) => {
    const request = new Request(input, init);
    const attempts = (await isRepeatable(request)) ? maxAttempts : 1;
    const end = Date.now() + 1000 * maxSeconds;
    for (let attempt = 1; ; attempt++) {
      const result = await fetch(request.clone()).catch((error: Error) => error);
      const response = result instanceof Response ? result : undefined;
      if (response && attempt > 1) repeated.add(response);
      const failed = response ? TEMPORARY.includes(response.status) : result instanceof TypeError;
      const pause = pauseAfter(response, attempt);
      if (!failed || attempt >= attempts || Date.now() + pause > end) {
        if (response) return response;
        throw result;
      }
      await response?.body?.cancel(); // frees the connection
      onRetry?.(result, pause / 1000);
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, request.signal.aborted ? 0 : pause);
        request.signal.addEventListener("abort", () => (clearTimeout(timer), resolve()));
      });
      request.signal.throwIfAborted();
    }
  };
}

async function isRepeatable(request: Request): Promise<boolean> {
  const { method, headers } = request;
  if (method !== "PATCH") return IDEMPOTENT.includes(method) || headers.has("Idempotency-Key");
  // A PATCH sets what its body names. One that names nothing toggles, unless it is conditional.
  const isConditional = (headers.get("If-Match") ?? "*") !== "*";
  return isConditional || /[^\s{}]/.test(await request.clone().text());
}

/** Return milliseconds. The random part lets clients that failed together return one by one. */
function pauseAfter(response: Response | undefined, attempt: number): number {
  const value = response?.headers.get("Retry-After") ?? "";
  const after = /^\d+$/.test(value) ? 1000 * Number(value) : Date.parse(value) - Date.now();
  return Math.max(0, after || 0) + 2 ** attempt * (125 + 125 * Math.random());
}
