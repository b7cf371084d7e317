/**
 * A fault in any step of a call, by making one read of what all steps read fail: of the configuration, of its deployments, and of
 * the operation's entry. Each read is made to fail once, from the first to the last, so that no step is left out.
 */
import { describe, expect, test } from 'vitest'
import { exceptionFrame } from '../../src/bedrock/event-stream/encode.ts'
import type { Operation } from '../../src/bedrock/operations/operation.ts'
import { createOperations, OPERATIONS } from '../../src/bedrock/operations/table.ts'
import type { GatewayConfig } from '../../src/config/types.ts'
import type { IsolateState } from '../../src/relay/isolate-state.ts'
import { answering, configuration, type Fetcher, run } from './in-isolate.ts'

/** More reads than any call makes; a sweep that gets here does not end. */
const READS_MAX = 3_000

/** Counts the reads of the values that it wraps, and fails the one with a given number. */
type Trap = { reads: number; failAt: number; fired: boolean }

/** The same value, whose properties, elements and entries pass through the trap. */
function trapped<T>(value: T, trap: Trap): T
function trapped(value: unknown, trap: Trap): unknown {
  if (value instanceof Map) return new Map([...value].map(([key, held]) => [key, trapped(held, trap)]))
  if (Array.isArray(value)) return value.map((held) => trapped(held, trap))
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const copy = Object.fromEntries(Object.entries(value).map(([name, held]) => [name, trapped(held, trap)]))
  return new Proxy(copy, {
    get(target, name, receiver) {
      trap.reads += 1
      if (trap.reads === trap.failAt) {
        trap.fired = true
        throw new Error(`injected at read ${trap.reads} of ${String(name)}`)
      }
      return Reflect.get(target, name, receiver)
    },
  })
}

/** A configuration that hands out the same deployments in all of its lists, as the real one does. */
async function trappedConfiguration(trap: Trap, strategy: string): Promise<GatewayConfig> {
  const config = await configuration()
  const wrapped = new Map(config.deployments.map((deployment) => [deployment, trapped(deployment, trap)]))
  const same = (list: GatewayConfig['deployments']) => list.map((one) => wrapped.get(one) ?? one)
  const { deployments: _deployments, groups: _groups, router, ...rest } = config
  return {
    ...trapped(rest, trap),
    router: trapped({ ...router, routingStrategy: strategy } as GatewayConfig['router'], trap),
    deployments: same(config.deployments),
    groups: new Map([...config.groups].map(([name, list]) => [name, same(list)])),
  }
}

type Case = { fetcher: Fetcher; action: string; strategy: string }

async function failingAt(failAt: number, { fetcher, action, strategy }: Case) {
  // Nothing fails while the isolate is set up.
  const trap: Trap = { reads: 0, failAt: -1, fired: false }
  const operations = createOperations(OPERATIONS.map((operation): Operation => trapped(operation, trap)))
  const config = await trappedConfiguration(trap, strategy)
  let asked = 0
  const counting: Fetcher = async (...args) => {
    asked += 1
    return fetcher(...args)
  }
  const change = (): Partial<IsolateState> => ({ operations, fetcher: counting, config: async () => config })
  trap.reads = 0
  trap.failAt = failAt
  const onOver = () => {
    trap.failAt = -1
  }
  const result = await run(change, { action, onOver })
  return { ...result, asked, fired: trap.fired }
}

const FAILING: Fetcher = async () => Response.json({ message: 'Too many requests' }, { status: 429 })
const RAISING: Fetcher = async () =>
  new Response(exceptionFrame('modelStreamErrorException', 'no'), {
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
  })
const BREAKING: Fetcher = async () => {
  throw new Error('the connection broke')
}

describe('whichever read fails, a call has one end: nothing stays held, and there is one row if an upstream was asked', () => {
  test.each<[string, Case, number]>([
    ['that is answered', { fetcher: answering, action: 'converse', strategy: 'simple-shuffle' }, 100],
    ['routed by usage', { fetcher: answering, action: 'converse', strategy: 'usage-based-routing' }, 100],
    ['routed by the cache', { fetcher: answering, action: 'converse', strategy: 'cache-affinity' }, 100],
    ['that every deployment refuses', { fetcher: FAILING, action: 'converse', strategy: 'usage-based-routing' }, 150],
    ['that no deployment answers', { fetcher: BREAKING, action: 'invoke', strategy: 'usage-based-routing' }, 150],
    [
      'whose stream begins with an exception',
      { fetcher: RAISING, action: 'converse-stream', strategy: 'least-busy' },
      100,
    ],
  ])(
    'a call %s',
    async (_name, which, leastReads) => {
      let swept = 0
      for (let failAt = 1; failAt < READS_MAX; failAt++) {
        const { held, events, row, asked, fired, response } = await failingAt(failAt, which)
        if (!fired) break
        swept += 1
        const where = `read ${failAt}`
        expect({ where, ...held }).toEqual({ where, bytes: 0, inFlight: [0, 0] })
        const ends = events.filter((event) => event === 'call' || event === 'refused')
        expect({ where, rows: row === undefined ? 0 : 1, ends: ends.length }).toEqual({
          where,
          rows: asked > 0 ? 1 : 0,
          ends: asked > 0 ? 1 : 0,
        })
        // What an upstream has answered is paid for, so its cost may be unknown and never nothing.
        if (which.fetcher === answering && row !== undefined) expect([where, row.cost_nano_usd]).not.toContain('0')
        expect(events, where).toContain('fault')
        expect([where, response.headers.get('x-amzn-requestid')]).not.toContain(null)
      }
      expect(swept).toBeGreaterThan(leastReads)
      expect(swept).toBeLessThan(READS_MAX - 1)
    },
    120_000,
  )
})
