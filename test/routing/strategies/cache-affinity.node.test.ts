import { describe, expect, test } from 'vitest'
import { cachedPrefix } from '../../../src/routing/strategies/prompt-prefix.ts'
import { hashSpans, hashText, score } from '../../../src/routing/strategies/rendezvous.ts'
import { bench, configOf, deployment, seededRandom, THROTTLED } from '../support.ts'

const encode = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const decoder = new TextDecoder()

/** The text of the prefix, its parts joined with `¦`. */
function prefixOf(body: unknown): string | null {
  const bytes = encode(body)
  const spans = cachedPrefix(bytes)
  return spans === null ? null : spans.map(({ start, end }) => decoder.decode(bytes.subarray(start, end))).join('¦')
}

const hashOf = (body: unknown) => {
  const bytes = encode(body)
  const spans = cachedPrefix(bytes)
  return spans === null ? null : hashSpans(bytes, spans)
}

const cachePoint = { cachePoint: { type: 'default' } }
const system = [{ text: 'You are helpful.' }, cachePoint]
const user = (text: string) => ({ role: 'user', content: [{ text }] })
const assistant = (text: string) => ({ role: 'assistant', content: [{ text }] })
const marked = (text: string) => ({ role: 'user', content: [{ text }, cachePoint] })

describe('the prefix of a prompt', () => {
  test('ends at the cache point of the system prompt, whatever the conversation is', () => {
    expect(hashOf({ system, messages: [user('a')] })).toBe(
      hashOf({ system, messages: [user('b'), assistant('c'), marked('d')] }),
    )
    expect(hashOf({ system, messages: [user('a')] })).not.toBe(
      hashOf({ system: [{ text: 'Be rude.' }, cachePoint], messages: [user('a')] }),
    )
  })

  test('is read as a model reads it, tools, system, messages, though the AWS SDK for JavaScript writes messages first', () => {
    const toolConfig = { tools: [{ toolSpec: { name: 't' } }] }
    expect(hashOf({ messages: [user('a')], system, toolConfig })).toBe(
      hashOf({ toolConfig, messages: [user('other')], system }),
    )
    expect(hashOf({ messages: [user('a')], system, toolConfig })).not.toBe(hashOf({ messages: [user('a')], system }))
  })

  test('ends at the first cache point of the tools', () => {
    const tools = [{ name: 't', cache_control: { type: 'ephemeral' } }]
    expect(hashOf({ tools, system: 'one', messages: [] })).toBe(hashOf({ tools, system: 'two', messages: [] }))
  })

  test('of a conversation stays the same while it grows and its marks move', () => {
    const first = hashOf({ messages: [marked('Read this book: …')] })
    expect(hashOf({ messages: [marked('Read this book: …'), assistant('Done.'), marked('Who dies?')] })).not.toBeNull()
    const turns = [
      { messages: [user('Read this.'), assistant('Done.'), marked('Who dies?')] },
      { messages: [user('Read this.'), assistant('Done.'), user('Who dies?'), assistant('Ann.'), marked('Why?')] },
    ]
    expect(hashOf(turns[0])).toBe(hashOf(turns[1]))
    expect(first).toBe(hashOf({ messages: [marked('Read this book: …'), assistant('Done.'), user('And?')] }))
  })

  test("knows cache_control of Anthropic's messages, also at the top level", () => {
    const block = (text: string) => ({ type: 'text', text, cache_control: { type: 'ephemeral' } })
    expect(hashOf({ system: [block('s')], messages: [user('a')] })).toBe(
      hashOf({ system: [block('s')], messages: [user('b')] }),
    )
    expect(prefixOf({ cache_control: { type: 'ephemeral' }, messages: [user('a'), user('b')] })).toContain('"a"')
    expect(prefixOf({ cache_control: { type: 'ephemeral' }, messages: [user('a'), user('b')] })).not.toContain('"b"')
  })

  test.each([
    ['no cache point', { system: [{ text: 's' }], messages: [user('a')] }],
    ['the words in a text', { messages: [user('set "cachePoint": {} and cache_control')] }],
    ['the words as a value', { messages: [{ role: 'user', content: ['cachePoint', 'cache_control'] }] }],
    ['no JSON', 'cachePoint'],
    ['nothing', ''],
  ])('is none with %s', (_name, body) => {
    expect(prefixOf(body)).toBeNull()
  })

  test('is found through spaces, escaped quotes and backslashes', () => {
    const body = String.raw`{ "messages" : [ ] , "system" : [ {"text":"a \" } ] \\"} , { "cachePoint" : {} } ] }`
    expect(prefixOf(body)).toBe(String.raw` : [ {"text":"a \" } ] \\"} , { `)
  })

  test('of a damaged body does not run away', () => {
    for (const body of ['{"system":[{"cachePoint"', '{"system":"', '}]', '{"a":"\\']) prefixOf(body)
    expect(prefixOf('{"system":[{"cachePoint":')).toBe(':[{')
  })

  test('of twenty megabytes is found and hashed within a tenth of a second', () => {
    const bytes = encode({ messages: [{ content: [{ bytes: 'A'.repeat(20_000_000) }, { text: 'x' }, cachePoint] }] })
    const before = performance.now()
    const spans = cachedPrefix(bytes) ?? []
    hashSpans(bytes, spans)
    expect(performance.now() - before).toBeLessThan(100)
    expect(spans).toHaveLength(1)
  })
})

describe('rendezvous hashing', () => {
  const ids = ['a', 'b', 'c', 'd']
  const winner = (key: number, weights: Record<string, number>) =>
    Object.entries(weights).toSorted(
      (one, other) => score(key, hashText(other[0]), other[1]) - score(key, hashText(one[0]), one[1]),
    )[0]?.[0]
  const keys = Array.from({ length: 4_000 }, (_, n) => hashText(`key ${n}`))

  test('spreads keys in proportion to the weights', () => {
    const weights = { a: 1, b: 1, c: 2, d: 4 }
    const won = (id: string) => keys.filter((key) => winner(key, weights) === id).length / keys.length
    expect(ids.map(won)).toEqual([0.125, 0.125, 0.25, 0.5].map((share) => expect.closeTo(share, 1)))
  })

  test('moves only the keys of the deployment that is gone', () => {
    for (const key of keys) {
      const before = winner(key, { a: 1, b: 1, c: 1, d: 1 })
      if (before !== 'd') expect(winner(key, { a: 1, b: 1, c: 1 })).toBe(before)
    }
  })
})

describe('cache-affinity', () => {
  const affine = () =>
    bench(
      configOf(
        ['a', 'b', 'c'].map((id) => deployment(id)),
        { routingStrategy: 'cache-affinity' },
      ),
      { random: seededRandom(2) },
    )
  const body = (n: number, text = 'hi') =>
    encode({ system: [{ text: `tenant ${n}` }, cachePoint], messages: [user(text)] })

  test('sends calls of one prefix to one deployment and spreads the prefixes', async () => {
    const b = affine()
    for (let n = 0; n < 30; n++) {
      b.asked.length = 0
      for (let turn = 0; turn < 5; turn++) await b.call({ bodyBytes: body(n, `turn ${turn}`) })
      expect(new Set(b.asked).size).toBe(1)
    }
    const homes = await Promise.all(Array.from({ length: 30 }, (_, n) => b.call({ bodyBytes: body(n) })))
    expect(new Set(homes.map((result) => 'value' in result && result.value)).size).toBe(3)
  })

  test('moves a prefix while its deployment cools and brings it home afterwards', async () => {
    const b = affine()
    await b.call({ bodyBytes: body(1) })
    const [home = ''] = b.asked
    b.script[home] = THROTTLED
    await b.call({ bodyBytes: body(1) })
    delete b.script[home]
    const [, , away = ''] = b.asked
    await b.call({ bodyBytes: body(1) })
    expect([away !== home, b.asked[3]]).toEqual([true, away])
    b.nowMs += 1_000
    await b.call({ bodyBytes: body(1) })
    expect(b.asked[4]).toBe(home)
  })

  test('moves calls away from a deployment with far more than its share under way', async () => {
    const b = affine()
    const homes = new Set<string>()
    for (let n = 0; n < 40; n++) {
      await b.router.route<string>({
        group: 'm',
        fallback: 'any-group',
        ownHealth: null,
        streams: true,
        bodyBytes: body(1),
        attempts: [],
        isAbandoned: () => false,
        attempt: async ({ deployment: { id } }) => {
          homes.add(id)
          return { kind: 'success', value: id, msToFirstFrame: 1 }
        },
      })
      if (n === 5) expect(homes.size).toBe(1)
    }
    expect(homes.size).toBeGreaterThan(1)
  })

  test('evens out calls without a cache point', async () => {
    const b = affine()
    for (let n = 0; n < 300; n++) await b.call({ bodyBytes: encode({ messages: [user('same')] }) })
    for (const id of ['a', 'b', 'c']) expect(b.asked.filter((asked) => asked === id).length).toBeGreaterThan(60)
  })
})
