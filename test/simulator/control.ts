/** Control by HTTP, for whoever is not in the same process: JSON in, JSON out, no authentication, loopback only. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import * as v from 'valibot'
import { type Fault, type FaultQueue, FaultSchema, type Match, MatchSchema } from './faults.ts'
import { NAMED_FAULTS } from './named-faults.ts'
import type { ReceivedRequest } from './received.ts'
import type { SimulatorControls } from './server.ts'

export const CONTROL_PREFIX = '/_control/'

/** Longest control body read, in bytes: a raw answer of some megabytes in base64 fits. */
const BODY_MAX_BYTES = 64 * 1024 * 1024

const positive = v.pipe(v.number(), v.integer(), v.minValue(1))

const FaultName = v.pipe(
  v.string(),
  v.check((name) => Object.hasOwn(NAMED_FAULTS, name), `is none of ${Object.keys(NAMED_FAULTS).join(', ')}`),
  v.transform((name) => NAMED_FAULTS[name] ?? {}),
)

const FaultOrder = v.strictObject({
  match: v.optional(MatchSchema, {}),
  // Chosen by hand: a union would tell only that neither fits, and not where.
  fault: v.lazy((input): v.GenericSchema<unknown, Fault> => (typeof input === 'string' ? FaultName : FaultSchema)),
  times: v.exactOptional(positive),
  skip: v.exactOptional(v.pipe(v.number(), v.integer(), v.minValue(0))),
})

const ReleaseOrder = v.strictObject({ match: v.optional(MatchSchema, {}) })

const LimitOrder = v.strictObject({ model: v.optional(v.nullable(v.string()), null), rpm: v.nullable(positive) })

/** Query of the endpoints that read: fields of a match, and what an answer came to. */
const Query = v.strictObject({
  ...MatchSchema.entries,
  outcome: v.exactOptional(v.string()),
  held: v.exactOptional(v.literal('true')),
  /** How many requests must fit before `wait` answers. */
  count: v.exactOptional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1))),
  timeoutMs: v.exactOptional(v.pipe(v.string(), v.transform(Number), v.integer(), v.minValue(1))),
})

type Answer = { status: number; body: unknown }

const DONE: Answer = { status: 200, body: { ok: true } }

export async function control(
  request: IncomingMessage,
  response: ServerResponse,
  simulator: SimulatorControls,
  faults: FaultQueue,
): Promise<void> {
  const answer = await answerTo(request, simulator, faults).catch((error: unknown): Answer => {
    if (!(error instanceof v.ValiError)) throw error
    const issues = error.issues as readonly v.BaseIssue<unknown>[]
    const told = issues.map((issue) => `${v.getDotPath(issue) ?? 'body'}: ${issue.message}`)
    return { status: 400, body: { error: told.join('; ') } }
  })
  response.writeHead(answer.status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(answer.body))
}

async function answerTo(request: IncomingMessage, simulator: SimulatorControls, faults: FaultQueue): Promise<Answer> {
  const url = new URL(request.url ?? '', 'http://simulator')
  const asked = `${request.method} ${url.pathname.slice(CONTROL_PREFIX.length)}`
  switch (asked) {
    case 'GET health':
      return DONE
    case 'GET faults':
      return { status: 200, body: faults.list().map((entry) => ({ ...entry, left: finite(entry.left) })) }
    case 'POST faults': {
      const { match, fault, ...options } = v.parse(FaultOrder, await readJson(request))
      return { status: 200, body: { id: simulator.fault(match, fault, options) } }
    }
    case 'DELETE faults': {
      const id = url.searchParams.get('id')
      simulator.clearFaults(id === null ? undefined : Number(id))
      return DONE
    }
    case 'POST release': {
      const { match } = v.parse(ReleaseOrder, await readJson(request))
      return { status: 200, body: { released: simulator.release(match) } }
    }
    case 'POST limits': {
      const { model, rpm } = v.parse(LimitOrder, await readJson(request))
      simulator.limit(model, rpm)
      return DONE
    }
    case 'POST reset':
      simulator.reset()
      return DONE
    case 'GET requests':
      return { status: 200, body: found(simulator.requests(), queryOf(url)).map(asJson) }
    case 'GET count':
      return { status: 200, body: { count: countOf(simulator, queryOf(url)) } }
    case 'GET wait':
      return waitFor(simulator, queryOf(url))
    default:
      return { status: 404, body: { error: `no control endpoint ${asked}` } }
  }
}

type QueryValues = v.InferOutput<typeof Query>

function queryOf(url: URL): QueryValues {
  return v.parse(Query, Object.fromEntries(url.searchParams))
}

function found(requests: readonly ReceivedRequest[], query: QueryValues): readonly ReceivedRequest[] {
  return requests.filter(
    (request) =>
      (query.model === undefined || query.model === request.model) &&
      (query.operation === undefined || query.operation === request.operation) &&
      (query.region === undefined || query.region === request.region) &&
      (query.outcome === undefined || query.outcome === request.outcome) &&
      (query.held === undefined || request.held),
  )
}

/** What an answer came to is known of the requests kept only. */
function countOf(simulator: SimulatorControls, query: QueryValues): number {
  const { outcome, held, count: _count, timeoutMs: _timeoutMs, ...match } = query
  if (outcome !== undefined || held !== undefined) return found(simulator.requests(), query).length
  return simulator.count(match satisfies Match)
}

/** Answers when enough requests fit, or with 408 when the time is over. */
async function waitFor(simulator: SimulatorControls, query: QueryValues): Promise<Answer> {
  const enough = (requests: readonly ReceivedRequest[]) => found(requests, query).length >= (query.count ?? 1)
  try {
    return { status: 200, body: found(await simulator.until(enough, query.timeoutMs), query).map(asJson) }
  } catch (error) {
    return { status: 408, body: { error: error instanceof Error ? error.message : String(error) } }
  }
}

function asJson(request: ReceivedRequest): object {
  const { body, ...rest } = request
  return { ...rest, bodyBase64: body === null ? null : Buffer.from(body).toString('base64') }
}

/** JSON has no infinity: a fault without a number of times has `null` left. */
function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null
}

async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    bytes += chunk.byteLength
    if (bytes > BODY_MAX_BYTES) return null
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8') || '{}')
  } catch {
    return null
  }
}
