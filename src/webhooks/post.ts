/** Posts one message. Nothing that a receiver answers is kept but how it took it. */

/** How a receiver took a message. `gone`: it wants no more of them (RFC 9110 §15.5.11). */
export type Taken =
  | { readonly kind: 'taken' }
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'failed';
      /** One sentence. */
      readonly why: string;
      /** What the receiver asked for (RFC 9110 §10.2.3). */
      readonly retryAfterMs?: number;
    };

export interface Posting {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MOST_RETRY_AFTER_MS = 3_600_000;

/** Seconds only: a date would be by the receiver's clock. */
const retryAfterOf = (header: string | null): { readonly retryAfterMs?: number } =>
  header !== null && /^\d{1,9}$/.test(header)
    ? { retryAfterMs: Math.min(Number(header) * 1000, MOST_RETRY_AFTER_MS) }
    : {};

/** The words of the system, without the address: its path may be a secret. */
const whyOf = (error: unknown, timeoutMs: number): string => {
  if (!(error instanceof Error)) return 'It could not be sent.';
  if (error.name === 'TimeoutError') return `It did not answer within ${timeoutMs} ms.`;
  const { cause } = error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : error.name;
  return `It could not be reached: ${code}.`;
};

/** Redirects are not followed: what is signed for one is not for another. Never rejects. */
export const post = async ({ url, headers, body, timeoutMs, signal }: Posting): Promise<Taken> => {
  try {
    const answer = await fetch(url, {
      method: 'POST',
      redirect: 'manual',
      headers: { ...headers, 'content-type': 'application/json' },
      body,
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    });
    await answer.body?.cancel();
    if (answer.ok) return { kind: 'taken' };
    if (answer.status === 410) return { kind: 'gone' };
    const moved = answer.status >= 300 && answer.status < 400 ? ', and redirects are not followed' : '';
    return {
      ...{ kind: 'failed', why: `It answered ${answer.status}${moved}.` },
      ...retryAfterOf(answer.headers.get('retry-after')),
    };
  } catch (error) {
    return { kind: 'failed', why: whyOf(error, timeoutMs) };
  }
};
