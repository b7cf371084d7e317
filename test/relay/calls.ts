/** Calls and rows for the tests of this room. Web standards only, because both TypeScript projects read this file. */

/** What a test knows of a running gateway. */
export type Place = { url: string; key: string }

export type Answer = { status: number; headers: Headers; bytes: Uint8Array<ArrayBuffer>; text: string }

export type CallInit = {
  /** Sent as it is; an object is sent as JSON. */
  body?: Uint8Array<ArrayBuffer> | string | Record<string, unknown>
  headers?: Record<string, string>
  signal?: AbortSignal
}

export type Row = Record<string, unknown> & { request_id: string; cost_state: string; cost_nano_usd: string | null }

/** `Say this is a test` in Converse's form. */
export const HELLO = { messages: [{ role: 'user', content: [{ text: 'Say this is a test' }] }] }

/** The same in Anthropic's form. */
export const CLAUDE_HELLO = {
  anthropic_version: 'bedrock-2023-05-31',
  max_tokens: 64,
  messages: [{ role: 'user', content: 'Say this is a test' }],
}

export function send(gateway: Place, path: string, init: CallInit = {}): Promise<Response> {
  const body = init.body ?? HELLO
  const isRaw = typeof body === 'string' || body instanceof Uint8Array
  return fetch(gateway.url + path, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${gateway.key}`,
      ...(isRaw ? {} : { 'content-type': 'application/json' }),
      ...init.headers,
    },
    body: isRaw ? body : JSON.stringify(body),
    ...(init.signal === undefined ? {} : { signal: init.signal }),
  })
}

/** One call of Bedrock's API, read to its end. */
export async function call(gateway: Place, model: string, action: string, init: CallInit = {}): Promise<Answer> {
  return readAnswer(await send(gateway, `/bedrock/model/${encodeURIComponent(model)}/${action}`, init))
}

export async function readAnswer(response: Response): Promise<Answer> {
  const bytes = new Uint8Array(await response.arrayBuffer())
  return { status: response.status, headers: response.headers, bytes, text: new TextDecoder().decode(bytes) }
}

export function callIdOf({ headers }: { headers: Headers }): string {
  return headers.get('x-litellm-call-id') ?? ''
}

export async function getJson(gateway: Place, path: string): Promise<unknown> {
  const response = await fetch(gateway.url + path, { headers: { authorization: `Bearer ${gateway.key}` } })
  return response.json()
}

/** Cost of a row's tokens at Nova Micro's prices, 35 and 140 nano-dollars a token, for rows without cached tokens. */
export function novaMicroNanoUsd({ prompt_tokens, completion_tokens }: Row): string {
  return String(Number(prompt_tokens) * 35 + Number(completion_tokens) * 140)
}

/** What an estimate takes a body for: a token for every 4 bytes of its JSON. */
export function estimatedTokens(body: Record<string, unknown>): number {
  return Math.ceil(JSON.stringify(body).length / 4)
}

/** Longest wait for a row, ms: the contract's 6 s after the end of the call, and as much again for a slow machine. */
const ROW_TIMEOUT_MS = 12_000
const POLL_MS = 100

/** The rows that `query` finds, as soon as there are `count`. */
export async function rowsWhere(gateway: Place, query: string, count: number): Promise<Row[]> {
  const deadline = Date.now() + ROW_TIMEOUT_MS
  for (;;) {
    const rows = (await getJson(gateway, `/spend/logs?limit=1000&${query}`)) as Row[]
    if (rows.length >= count) return rows
    if (Date.now() > deadline)
      throw new Error(`${rows.length} of ${count} rows for ${query} after ${ROW_TIMEOUT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
}

/** The one row of a call. */
export async function rowOf(gateway: Place, answer: { headers: Headers }): Promise<Row> {
  const [row] = await rowsWhere(gateway, `request_id=${callIdOf(answer)}`, 1)
  if (row === undefined) throw new Error('no row')
  return row
}

/** Longest wait for a log line, ms. It is written as the call ends. */
const LINE_TIMEOUT_MS = 10_000

/** The log line of a call: the facts of its row, without the time that the row takes to become readable. */
export async function lineOf(gateway: { logs: Record<string, unknown>[] }, callId: string): Promise<Row> {
  const deadline = Date.now() + LINE_TIMEOUT_MS
  for (;;) {
    const line = gateway.logs.find(({ event, request_id }) => event === 'call' && request_id === callId)
    if (line !== undefined) return line as Row
    if (Date.now() > deadline) throw new Error(`no log line for ${callId} after ${LINE_TIMEOUT_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, POLL_MS / 10))
  }
}

/** All rows, and all log lines of calls, in one form and order: whoever asserts on lines compares the two at the end. */
export async function rowsAndLines(
  gateway: Place & { logs: Record<string, unknown>[] },
): Promise<{ rows: Omit<Row, 'spend'>[]; lines: Record<string, unknown>[] }> {
  const lines = gateway.logs.filter(({ event }) => event === 'call').map(({ event: _event, ...line }) => line)
  const rows = (await rowsWhere(gateway, '', lines.length)).map(({ spend: _spend, ...row }) => row)
  const newestFirst = (a: Record<string, unknown>, b: Record<string, unknown>) =>
    String(b.request_id).localeCompare(String(a.request_id))
  return { rows: rows.sort(newestFirst), lines: lines.sort(newestFirst) }
}
