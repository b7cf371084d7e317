/** One call through the whole app inside workerd, with any part of its isolate replaced; upstreams are a function. */
import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test'
import { createApp } from '../../src/app.ts'
import { readConfig } from '../../src/config/resolve.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import { createIsolate } from '../../src/isolate.ts'
import type { IsolateState } from '../../src/relay/isolate-state.ts'
import { createBodyBudget } from '../../src/relay/request/held-body.ts'

export const KEY = 'sk-master-1234'
export const MODEL = 'anthropic.claude-sonnet-4-5-20250929-v1:0'
const BODY = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] })
const ANSWER = {
  output: { message: { role: 'assistant', content: [{ text: 'hello' }] } },
  stopReason: 'end_turn',
  usage: { inputTokens: 3, outputTokens: 2, totalTokens: 5 },
}

export type Fetcher = IsolateState['fetcher']

export const answering: Fetcher = async () => Response.json(ANSWER, { headers: { 'x-amzn-requestid': 'aws-1' } })

/** Two deployments of one model in two regions. */
export async function configuration(): Promise<GatewayConfig> {
  const deployment = (region: string) => ({
    model_name: 'claude',
    litellm_params: { model: `bedrock/${MODEL}`, aws_region_name: region, api_key: 'key' },
  })
  const result = await readConfig(
    { model_list: [deployment('us-east-1'), deployment('us-west-2')], general_settings: { master_key: KEY } },
    {},
  )
  if (!result.ok) throw new Error(JSON.stringify(result.issues))
  return result.config
}

/** An isolate of its own for a test, with the configuration above. */
export async function isolateOf(change: (isolate: IsolateState) => Partial<IsolateState>): Promise<IsolateState> {
  const config = await configuration()
  const bodies = createBodyBudget()
  const base: IsolateState = { ...createIsolate(), config: async () => config, fetcher: answering, bodies }
  // Descriptors, so that a getter that throws is not run here.
  return Object.defineProperties({ ...base }, Object.getOwnPropertyDescriptors(change(base)))
}

/** Sends one request and waits for all that goes on behind its answer. */
export async function send(isolate: IsolateState, request: Request): Promise<{ response: Response; text: string }> {
  const ctx = createExecutionContext()
  const response = await createApp(isolate).fetch(request, env, ctx)
  const text = await response.text().catch((cause: unknown) => `broken: ${String(cause)}`)
  await waitOnExecutionContext(ctx)
  return { response, text }
}

/** The lines that are written while `work` runs. */
export async function linesOf<T>(work: () => Promise<T>): Promise<{ value: T; lines: Record<string, unknown>[] }> {
  const lines: Record<string, unknown>[] = []
  const { log } = console
  console.log = (line: string) => void lines.push(JSON.parse(line))
  try {
    return { value: await work(), lines }
  } finally {
    console.log = log
  }
}

/** `onOver` is called when the call is over, before it is looked at what is still held. */
type Options = Partial<Record<'action' | 'body' | 'key', string>> & { signal?: AbortSignal; onOver?: () => void }

/** What one call did: its answer, the lines it wrote, and what its isolate still holds. */
export async function run(
  change: (isolate: IsolateState) => Partial<IsolateState>,
  { action = 'converse', body = BODY, key = KEY, signal, onOver }: Options = {},
) {
  let base: IsolateState | undefined
  const isolate = await isolateOf((made) => {
    base = made
    return change(made)
  })
  const request = new Request(`https://gateway.test/bedrock/model/claude/${action}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
    ...(signal === undefined ? {} : { signal }),
  })
  const { value, lines } = await linesOf(() => send(isolate, request))
  onOver?.()
  const config = await base?.config(env, createExecutionContext())
  const health = base === undefined || config === null || config === undefined ? [] : base.router(config).health()
  return {
    ...value,
    held: { bytes: base?.bodies.heldBytes, inFlight: health.map(({ inFlight }) => inFlight) },
    events: lines.map(({ event }) => event),
    row: lines.find(({ event }) => event === 'call'),
  }
}
