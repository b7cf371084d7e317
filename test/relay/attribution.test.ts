/** What clients say about their calls is bounded before it is kept: depth, size and number, whatever they write. */
import { describe, expect, it } from 'vitest'
import { NO_ATTRIBUTION, readAttribution } from '../../src/relay/request/attribution.ts'
import type { RequestFacts } from '../../src/relay/request/request-facts.ts'

const FACTS: RequestFacts = {
  request: null,
  requestMetadata: null,
  isMetadataCut: false,
  requestedTier: null,
  sizeBytes: 0,
}
const METADATA = 'x-litellm-spend-logs-metadata'

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`

describe('what is within bounds', () => {
  it('is kept as it came, and nothing is said to be cut', () => {
    const headers = {
      'x-litellm-call-id': 'mine',
      'amz-sdk-invocation-id': 'sdk',
      'x-litellm-customer-id': 'customer',
      'x-litellm-tags': ' a, b ,,c',
      [METADATA]: '{"team":"x","deep":{"er":[1,null]}}',
    }
    expect(readAttribution(headers, { ...FACTS, requestMetadata: { run: '7' } })).toEqual({
      clientCallId: 'mine',
      clientInvocationId: 'sdk',
      endUser: 'customer',
      tags: ['a', 'b', 'c'],
      metadata: { team: 'x', deep: { er: [1, null] }, requestMetadata: { run: '7' } },
      isCut: false,
    })
    expect(readAttribution({}, FACTS)).toEqual(NO_ATTRIBUTION)
  })

  it.each([
    ['a list', '[1]', { spend_logs_metadata: [1] }],
    ['a text', '"x"', { spend_logs_metadata: 'x' }],
    ['no JSON', '{"a":', { spend_logs_metadata: '{"a":' }],
    ['a member that means something to JavaScript', '{"__proto__":{"x":1}}', { ['__proto__']: { x: 1 } }],
  ])('is kept by a name of its own where it is %s', (_what, text, metadata) => {
    const { metadata: kept, isCut } = readAttribution({ [METADATA]: text }, FACTS)
    expect([JSON.stringify(kept), isCut]).toEqual([JSON.stringify(metadata), false])
  })
})

describe('what is beyond them', () => {
  it.each([
    ['nested 1,000 deep', nested(1_000)],
    ['nested 100,000 deep', nested(100_000)],
    ['lists nested 100,000 deep', `${'['.repeat(100_000)}${']'.repeat(100_000)}`],
    ['100,000 members', `{${Array.from({ length: 100_000 }, (_, n) => `"${n}":0`).join()}}`],
    ['one text of a megabyte', JSON.stringify({ a: 'x'.repeat(1_000_000) })],
    ['no JSON, of a megabyte', 'x'.repeat(1_000_000)],
  ])('is cut, and said to be: %s', (_what, text) => {
    const fromHeader = readAttribution({ [METADATA]: text }, FACTS)
    expect(fromHeader.isCut).toBe(true)
    expect(JSON.stringify(fromHeader.metadata).length).toBeLessThan(20_000)
  })

  it('is cut in the metadata of the body too', () => {
    const requestMetadata = JSON.parse(nested(10_000)) as Record<string, unknown>
    const { metadata, isCut } = readAttribution({}, { ...FACTS, requestMetadata })
    expect(isCut).toBe(true)
    expect(JSON.stringify(metadata).length).toBeLessThan(20_000)
  })

  it('is said to be cut where the body was too large to be read whole', () => {
    const { metadata, isCut } = readAttribution({}, { ...FACTS, isMetadataCut: true })
    expect([metadata, isCut]).toEqual([{}, true])
  })

  it('is cut in tags and ids', () => {
    const many = readAttribution({ 'x-litellm-tags': 't,'.repeat(50_000) }, FACTS)
    expect([many.tags.length, many.isCut]).toEqual([64, true])
    const long = readAttribution({ 'x-litellm-tags': 'y'.repeat(5_000), 'x-litellm-call-id': 'z'.repeat(5_000) }, FACTS)
    expect([long.tags[0]?.length, long.clientCallId?.length, long.isCut]).toEqual([1024, 1024, true])
  })
})
