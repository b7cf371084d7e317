/**
 * Bedrock as far as routing can tell: buckets of requests and tokens, latencies, outages, prompt caches, and a bill.
 * Quotas, texts and burndown as AWS describes them: https://docs.aws.amazon.com/bedrock/latest/userguide/quotas.html
 */
import type { Deployment } from '../../../src/config/types.ts'
import type { Failure } from '../../../src/routing/policy/failure.ts'
import type { AttemptOutcome } from '../../../src/routing/router.ts'
import { burndownRate } from '../../../src/routing/strategies/usage-based.ts'
import { failure } from '../support.ts'
import type { VirtualClock } from './clock.ts'
import { type CallCost, costOf } from './cost.ts'

export type Trouble = {
  fromMs: number
  untilMs: number
  kind: 'unavailable' | 'unreachable' | 'silent' | 'slow' | 'denied' | 'no-more-today'
}

/** One bucket of quota: a region, or the global profile called through it. */
export type Pool = {
  rpm: number
  tpm: number
  msToFirstFrame: number
  troubles: readonly Trouble[]
}

/** A call as the world sees it. Tokens of the prefix are those before its newest cache point. */
export type Prompt = {
  isBad: boolean
  inputTokens: number
  outputTokens: number
  maxTokens: number
  cache: { systemId: string; systemTokens: number; conversationId: string; prefixTokens: number } | null
}

export type Answer = { cost: CallCost; deliveryMs: number; burnt: number }

export type World = {
  ask(target: Deployment, prompt: Prompt, streams: boolean, limitMs: number): Promise<AttemptOutcome<Answer | null>>
  asked: number
}

const REFUSAL_MS = 25
const SLOW_FACTOR = 8
const OUTPUT_TOKENS_PER_SECOND = 60
const CACHE_LIFE_MS = 5 * 60_000
/** Part of the throttles of a stream that come in its first frame, under status 200. */
const FIRST_FRAME_SHARE = 0.5

const throttled = (what: string): Failure =>
  failure({ status: 429, type: 'ThrottlingException', message: `Too many ${what}, please wait before trying again.` })

type Bucket = {
  requests: number
  tokens: number
  filledMs: number
  caches: Map<string, { tokens: number; untilMs: number }>
}

const poolOf = ({ region, model }: Deployment): string => (model.startsWith('global.') ? `${region}/global` : region)

export function createWorld(pools: Readonly<Record<string, Pool>>, clock: VirtualClock, random: () => number): World {
  const buckets = new Map<string, Bucket>()

  function bucketOf(name: string, { rpm, tpm }: Pool): Bucket {
    const bucket = buckets.get(name) ?? { requests: rpm, tokens: tpm, filledMs: clock.now(), caches: new Map() }
    buckets.set(name, bucket)
    const minutes = (clock.now() - bucket.filledMs) / 60_000
    bucket.requests = Math.min(rpm, bucket.requests + rpm * minutes)
    bucket.tokens = Math.min(tpm, bucket.tokens + tpm * minutes)
    bucket.filledMs = clock.now()
    return bucket
  }

  async function refuse(refusal: Failure, streams: boolean): Promise<AttemptOutcome<null>> {
    await clock.sleep(REFUSAL_MS)
    const inFrame = streams && refusal.status === 429 && random() < FIRST_FRAME_SHARE
    return { kind: 'failure', failure: inFrame ? { ...refusal, phase: 'first-frame' } : refusal, value: null }
  }

  const world: World = {
    asked: 0,
    async ask(target, prompt, streams, limitMs) {
      world.asked++
      const name = poolOf(target)
      const pool = pools[name]
      if (pool === undefined) throw new Error(`no pool ${name}`)
      const trouble = pool.troubles.find(({ fromMs, untilMs }) => fromMs <= clock.now() && clock.now() < untilMs)?.kind
      if (trouble === 'silent') return silence(clock, limitMs)
      const outage = trouble === undefined ? undefined : REFUSALS[trouble]
      if (outage !== undefined) return refuse(outage, streams)
      const bucket = bucketOf(name, pool)
      const reserved = prompt.inputTokens + prompt.maxTokens
      if (bucket.requests < 1) return refuse(throttled('requests'), streams)
      if (bucket.tokens < reserved) return refuse(throttled('tokens'), streams)
      if (prompt.isBad) return refuse(BAD, streams)
      bucket.requests--
      bucket.tokens -= reserved
      const firstMs = pool.msToFirstFrame * (0.7 + 0.6 * random()) * (trouble === 'slow' ? SLOW_FACTOR : 1)
      const deliveryMs = (prompt.outputTokens / OUTPUT_TOKENS_PER_SECOND) * 1_000
      const headersMs = streams ? firstMs : firstMs + deliveryMs
      if (headersMs > limitMs) return silence(clock, limitMs)
      const parts = useCache(bucket.caches, prompt, clock.now())
      await clock.sleep(headersMs)
      const burnt = parts.freshTokens + parts.writtenTokens + prompt.outputTokens * burndownRate(target)
      bucket.tokens += reserved - burnt
      const cost = costOf(target, parts, prompt.outputTokens)
      return {
        kind: 'success',
        value: { cost, deliveryMs: streams ? deliveryMs : 0, burnt },
        msToFirstFrame: headersMs,
      }
    },
  }
  return world
}

const REFUSALS: Partial<Record<Trouble['kind'], Failure>> = {
  unavailable: failure({ status: 503, type: 'ServiceUnavailableException' }),
  unreachable: failure({ phase: 'connect', status: null }),
  denied: failure({ status: 403, type: 'AccessDeniedException' }),
  'no-more-today': throttled('tokens per day'),
}
const BAD = failure({ status: 400, type: 'ValidationException', message: 'The request is not valid.' })

async function silence(clock: VirtualClock, limitMs: number): Promise<AttemptOutcome<null>> {
  await clock.sleep(limitMs)
  return { kind: 'failure', failure: failure({ status: null, timedOut: true }), value: null }
}

export type InputParts = { freshTokens: number; readTokens: number; writtenTokens: number }

/** Reads the longest prefix that is cached here, writes the rest of it, and keeps both alive. */
function useCache(caches: Bucket['caches'], { inputTokens, cache }: Prompt, nowMs: number): InputParts {
  if (cache === null) return { freshTokens: inputTokens, readTokens: 0, writtenTokens: 0 }
  const cached = (id: string): number => {
    const entry = caches.get(id)
    return entry !== undefined && entry.untilMs > nowMs ? entry.tokens : 0
  }
  const readTokens = Math.max(cached(cache.conversationId), cached(cache.systemId))
  const untilMs = nowMs + CACHE_LIFE_MS
  caches.set(cache.systemId, { tokens: cache.systemTokens, untilMs })
  caches.set(cache.conversationId, { tokens: cache.prefixTokens, untilMs })
  return { freshTokens: inputTokens - cache.prefixTokens, readTokens, writtenTokens: cache.prefixTokens - readTokens }
}
