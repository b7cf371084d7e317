import { env } from 'cloudflare:test'
import { describe, expect, it } from 'vitest'
import { settleGathered } from '../../../src/ledger/booking/gather.ts'
import type { Meter } from '../../../src/ledger/meter/meter.ts'
import { shardName } from '../../../src/ledger/meter/name.ts'
import { spendRecord } from '../records.ts'

type Answers = (jsons: string[]) => Promise<unknown[]>

/** A namespace that remembers its messages and answers as the test says. */
function fakeMeter(answer: Answers) {
  const messages: { shard: string; jsons: string[] }[] = []
  const namespace = {
    idFromName: (name: string) => name,
    get: (shard: string) => ({
      settleMany: (jsons: string[]) => {
        messages.push({ shard, jsons })
        return answer(jsons)
      },
    }),
  }
  return { messages, namespace: namespace as unknown as DurableObjectNamespace<Meter> }
}

const settledAll: Answers = async (jsons) => jsons.map(() => ({ outcome: 'settled' }))

describe('calls that end together', () => {
  it('go in one message, to the shard of the first, and each gets its own answer', async () => {
    const { messages, namespace } = fakeMeter(async (jsons) =>
      jsons.map((json) => ({ outcome: json === 'b' ? 'repeated' : 'settled' })),
    )
    const answers = await Promise.all(['a', 'b', 'c'].map((json) => settleGathered(namespace, `id-${json}`, json)))
    expect(answers.map(({ outcome }) => outcome)).toEqual(['settled', 'repeated', 'settled'])
    expect(messages).toEqual([{ shard: shardName('id-a'), jsons: ['a', 'b', 'c'] }])
  })

  it('go in several messages where they are too many for one', async () => {
    const { messages, namespace } = fakeMeter(settledAll)
    await Promise.all(
      Array.from({ length: 250 }, (_, index) => settleGathered(namespace, `id-${index}`, String(index))),
    )
    expect(messages.map(({ jsons }) => jsons.length)).toEqual([100, 100, 50])
    expect(messages.flatMap(({ jsons }) => jsons)).toEqual(Array.from({ length: 250 }, (_, index) => String(index)))
  })

  it('that end later go in a message of their own', async () => {
    const { messages, namespace } = fakeMeter(settledAll)
    await settleGathered(namespace, 'id-1', '1')
    await settleGathered(namespace, 'id-2', '2')
    expect(messages.map(({ jsons }) => jsons)).toEqual([['1'], ['2']])
  })

  it('all hear of a message that failed, so that each books on its own', async () => {
    const { namespace } = fakeMeter(async () => {
      throw new Error('Network connection lost.')
    })
    const results = await Promise.allSettled(['a', 'b'].map((json) => settleGathered(namespace, json, json)))
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  })

  it('hear of it where the Meter answers for fewer than it was sent', async () => {
    const { namespace } = fakeMeter(async (jsons) => (await settledAll(jsons)).slice(1))
    const [first, second] = await Promise.allSettled(['a', 'b'].map((json) => settleGathered(namespace, json, json)))
    expect([first?.status, second?.status]).toEqual(['fulfilled', 'rejected'])
  })

  it('are booked once each by the real Meter, a nonsense among them apart', async () => {
    const records = [spendRecord({ model_group: 'gathered' }), spendRecord({ model_group: 'gathered' })]
    const send = () =>
      Promise.all([
        ...records.map((record) => settleGathered(env.METER, record.request_id, JSON.stringify(record))),
        settleGathered(env.METER, 'nonsense', '{'),
      ])
    expect((await send()).map(({ outcome }) => outcome)).toEqual(['settled', 'settled', 'refused'])
    expect((await send()).map(({ outcome }) => outcome)).toEqual(['repeated', 'repeated', 'refused'])
  })
})
