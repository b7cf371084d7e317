/** What a client says about its call is kept within bounds, and the row says when something was cut. */
import { describe, expect, it } from 'vitest'
import { readAttribution } from '../../src/relay/request/attribution.ts'
import { run } from './in-isolate.ts'

const FACTS = { request: null, requestMetadata: null, requestedTier: null, sizeBytes: 0 }

describe('attribution', () => {
  it.each([
    ['x-litellm-call-id', 'x'.repeat(1025)],
    ['amz-sdk-invocation-id', 'x'.repeat(1025)],
    ['x-litellm-customer-id', 'x'.repeat(1025)],
    ['x-litellm-tags', 'x'.repeat(1025)],
    ['x-litellm-tags', Array.from({ length: 65 }, (_, index) => `tag${index}`).join()],
    ['x-litellm-spend-logs-metadata', `not JSON ${'x'.repeat(1025)}`],
  ])('says that %s was cut, and of a short one that nothing was', (name, value) => {
    expect(readAttribution({ [name]: value }, FACTS).truncated).toBe(true)
    expect(readAttribution({ [name]: value.slice(0, 100) }, FACTS).truncated).toBe(false)
  })

  it('keeps the first 64 tags of up to 1024 characters, without blanks', () => {
    const tags = [' a ', '', 'b'.repeat(2000), ...Array.from({ length: 100 }, (_, index) => `tag${index}`)]
    const read = readAttribution({ 'x-litellm-tags': tags.join() }, FACTS)
    expect(read.tags).toHaveLength(64)
    expect(read.tags.slice(0, 3)).toEqual(['a', 'b'.repeat(1024), 'tag0'])
  })
})

it('a call whose client cut nothing says so in its row', async () => {
  const { row } = await run(() => ({}))
  expect(row).toMatchObject({ metadata_truncated: false })
})
