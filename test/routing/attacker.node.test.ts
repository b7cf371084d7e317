/**
 * One caller against ten. It calls once a second and brings about one failure of the policy table every time, while ten others call
 * beside it and are answered. What is the attacker's own costs the others nothing; what is the deployment's takes it out at once.
 */
import { describe, expect, test } from 'vitest'
import type { Failure } from '../../src/routing/policy/failure.ts'
import { policyFor } from '../../src/routing/policy/policy.ts'
import { type AttemptOutcome, createRouter, type RoutingEvent } from '../../src/routing/router.ts'
import { CASES, MODEL_ID } from './policy-cases.ts'
import { createClock } from './simulation/clock.ts'
import { bench, configOf, deployment, NOON_MS, seededRandom, THROTTLED } from './support.ts'

const GOOD_CALLERS = 10
const SECONDS = 30
const ANSWER_MS = 700
const REFUSAL_MS = 20

type Attack = {
  failure: Failure
  deployments: number
  /** When the attacker begins; the others begin at 0. */
  fromMs: number
  ownHealth?: string
  sameCredentials?: boolean
  /** Tokens that the calls of each reserve; not known where it is absent. */
  reserved?: { attacker: number; good: number }
}

async function attack({ failure, deployments, fromMs, ownHealth, sameCredentials = true, reserved }: Attack) {
  const clock = createClock(NOON_MS)
  const random = seededRandom(7)
  const members = Array.from({ length: deployments }, (_, n) =>
    deployment(`d${n}`, {
      model: MODEL_ID,
      credentials: { kind: 'api-key', token: sameCredentials ? 'shared' : `token ${n}` },
    }),
  )
  const events: RoutingEvent[] = []
  const router = createRouter(configOf(members), {
    now: clock.now,
    sleep: clock.sleep,
    random,
    onEvent: (event) => void events.push(event),
  })
  const tally = { good: 0, lost: 0, goodAttempts: 0, attackerAttempts: 0 }

  async function goodAnswer(): Promise<AttemptOutcome<string>> {
    tally.goodAttempts++
    const ms = ANSWER_MS * (0.5 + random())
    await clock.sleep(ms)
    return { kind: 'success', value: 'ok', msToFirstFrame: ms }
  }

  async function attackersAnswer(): Promise<AttemptOutcome<string>> {
    tally.attackerAttempts++
    await clock.sleep(REFUSAL_MS)
    if (failure.phase === 'body') return { kind: 'success', value: 'begun', msToFirstFrame: REFUSAL_MS }
    return { kind: 'failure', failure, value: failure.status === null ? null : 'refused' }
  }

  const route = (attempt: () => Promise<AttemptOutcome<string>>, own: string | null, tokens?: number) =>
    router.route<string>({
      ...(tokens === undefined ? {} : { reservedTokens: () => tokens }),
      group: 'm',
      fallback: 'any-group',
      ownHealth: own,
      streams: true,
      bodyBytes: null,
      attempts: [],
      isAbandoned: () => false,
      attempt,
    })

  async function goodCaller(n: number): Promise<void> {
    await clock.sleep(n * 97)
    for (let second = 0; second < SECONDS; second++) {
      const result = await route(goodAnswer, null, reserved?.good)
      tally.good++
      if (result.kind === 'answered') result.finish({ inputTokens: 1, outputTokens: 1 })
      else tally.lost++
      await clock.sleep(1_000)
    }
  }

  async function attacker(): Promise<void> {
    await clock.sleep(fromMs)
    for (let second = 0; second < SECONDS; second++) {
      const result = await route(attackersAnswer, ownHealth ?? null, reserved?.attacker)
      if (result.kind === 'answered') {
        result.finish({ inputTokens: 0, outputTokens: 0 })
        router.streamBroke(result.deployment, failure)
      }
      await clock.sleep(1_000)
    }
  }

  const callers = Promise.all([attacker(), ...Array.from({ length: GOOD_CALLERS }, (_, n) => goodCaller(n))])
  await clock.run()
  await callers
  return { ...tally, states: router.health().map(({ state }) => state), events }
}

/** The attacker's own: rows that cannot take out, and rows that need more than one caller's word. */
const CANNOT_BE_FORCED = CASES.filter(([, signal]) => policyFor(signal, MODEL_ID).coolDown?.after !== 'one')
/** Only the deployment, its account or the network can bring these about. */
const OF_THE_DEPLOYMENT = CASES.filter(([, signal]) => policyFor(signal, MODEL_ID).coolDown?.after === 'one')

describe.each([1, 2, 3])('of %i deployments none is taken from others by a caller', (deployments) => {
  test.each(CANNOT_BE_FORCED)('whose calls come to: %s', async (_name, failure) => {
    const { good, lost, goodAttempts, states, attackerAttempts } = await attack({ failure, deployments, fromMs: 2_000 })
    expect({ good, lost, goodAttempts }).toEqual({
      good: GOOD_CALLERS * SECONDS,
      lost: 0,
      goodAttempts: GOOD_CALLERS * SECONDS,
    })
    expect(new Set(states)).toEqual(new Set(['healthy']))
    expect(attackerAttempts).toBeGreaterThanOrEqual(SECONDS)
  })

  test.each(CANNOT_BE_FORCED)('who was there first, with: %s', async (_name, failure) => {
    for (const sameCredentials of [true, false]) {
      const { lost, states } = await attack({ failure, deployments, fromMs: 0, sameCredentials })
      expect(lost).toBe(0)
      if (deployments === 1) expect(states).toEqual(['healthy'])
    }
  })

  test.each(CASES)('who asks for an operation with a health of its own, with: %s', async (_name, failure) => {
    const { lost, states } = await attack({ failure, deployments, fromMs: 0, ownHealth: 'CountTokens' })
    if (failure.phase === 'body') return
    expect({ lost, states }).toEqual({ lost: 0, states: states.map(() => 'healthy') })
  })
})

/** AWS takes prompt and output bound off the quota before it begins, so one caller can ask for more than there ever is. */
const FOR_THEIR_SIZE = CASES.filter(([, signal]) => policyFor(signal, MODEL_ID).coolDown?.bySize)

describe.each([1, 2, 3])(
  'of %i deployments none is taken from smaller calls by one whose calls are too large',
  (deployments) => {
    test.each(FOR_THEIR_SIZE)('with: %s', async (_name, failure) => {
      for (const fromMs of [0, 2_000]) {
        const reserved = { attacker: 1_000_000, good: 999_999 }
        const { good, lost, goodAttempts } = await attack({ failure, deployments, fromMs, reserved })
        expect({ good, lost, goodAttempts }).toEqual({
          good: GOOD_CALLERS * SECONDS,
          lost: 0,
          goodAttempts: GOOD_CALLERS * SECONDS,
        })
      }
    })
  },
)

test('only what AWS says of a deployment in words that no caller can bring about takes it out at once, or out for calls of a size', () => {
  expect([...new Set(OF_THE_DEPLOYMENT.map(([, signal]) => policyFor(signal, MODEL_ID).name))].sort()).toEqual([
    'access-denied',
    'account-denied',
    'account-not-allowed',
    'credentials-refused',
    'model-identifier-invalid',
    'model-not-ready',
    'not-found',
    'on-demand-unsupported',
    'redirected',
    'role-not-assumed',
    'service-quota-exceeded',
    'throttled',
    'throttled-per-day',
    'throttled-requests',
    'throttled-tokens',
  ])
})

describe('a deployment that is out of order itself', () => {
  test.each(OF_THE_DEPLOYMENT)('is out after one call: %s', async (_name, failure) => {
    const b = bench(
      configOf([deployment('a', { order: 0, model: MODEL_ID }), deployment('b', { order: 1, model: MODEL_ID })]),
    )
    b.script.a = 'fine'
    await b.call()
    b.script.a = failure
    for (let n = 0; n < 5; n++) expect(await b.call()).toMatchObject({ kind: 'answered', value: 'answer of b' })
    expect(b.asked.filter((id) => id === 'a')).toHaveLength(2)
    expect(b.router.health()[0]?.state).toMatch(/cooling|held-out/)
  })

  test.each(CANNOT_BE_FORCED.filter(([, signal]) => policyFor(signal, MODEL_ID).coolDown?.after === 'one-unrefuted'))(
    'from the start is out after one call: %s',
    async (_name, failure) => {
      const b = bench(
        configOf([
          deployment('a', { order: 0, model: MODEL_ID, credentials: { kind: 'api-key', token: 'a' } }),
          deployment('b', { order: 1, model: MODEL_ID, credentials: { kind: 'api-key', token: 'b' } }),
        ]),
      )
      b.script.a = failure
      for (let n = 0; n < 5; n++) expect(await b.call()).toMatchObject({ kind: 'answered', value: 'answer of b' })
      expect(b.asked.filter((id) => id === 'a')).toHaveLength(1)
      expect(b.router.health()[0]).toMatchObject({ state: 'held-out' })
    },
  )

  test.each([
    ['in a minute without an answer', 60_000, 1],
    ['at once', 1, 5],
  ])('after it was in order: one whose signatures are refused is out %s', async (_when, afterMs, attempts) => {
    const refused = CASES.find(([, signal]) => signal.type === 'InvalidSignatureException')?.[1] ?? THROTTLED
    const b = bench(configOf([deployment('a', { order: 0 }), deployment('b', { order: 1 })]))
    b.script.a = 'fine'
    await b.call()
    b.nowMs += afterMs
    b.script.a = refused
    for (let n = 0; n < 5; n++) await b.call()
    expect(b.asked.filter((id) => id === 'a')).toHaveLength(1 + attempts)
  })
})
