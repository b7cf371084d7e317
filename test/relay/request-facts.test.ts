/** What the books want of a request is found by a scan, whatever stands beside it, and what is not kept of it is said. */
import { describe, expect, it } from 'vitest'
import { BEDROCK_RUNTIME } from '../../src/bedrock/operations/bedrock-runtime.ts'
import { readRequestFacts } from '../../src/relay/request/request-facts.ts'

const MODEL = 'amazon.nova-micro-v1:0'
/** More members and elements than a body may have that is built into a tree. */
const BOMB = `[${'[],'.repeat(200_001)}[]]`

function factsOf(text: string, name = 'Converse', headers = {}) {
  const operation = BEDROCK_RUNTIME.find((one) => one.name === name)
  if (operation === undefined) throw new Error(name)
  return readRequestFacts(operation, headers, new TextEncoder().encode(text), MODEL)
}

const METADATA = '"requestMetadata":{"run":"7"}'
const GUARDRAIL = '"guardrailConfig":{"guardrailIdentifier":"g","guardrailVersion":"1"}'

describe('beside a bomb of brackets', () => {
  it.each([
    ['behind it', `{"messages":${BOMB},${METADATA},${GUARDRAIL},"serviceTier":{"type":"flex"}}`],
    ['in front of it', `{${GUARDRAIL},"serviceTier":{"type":"flex"},${METADATA},"messages":${BOMB}}`],
    [
      'among 20,000 members',
      `{${'"x":1,'.repeat(20_000)}${METADATA},${GUARDRAIL},"serviceTier":{"type":"flex"},"y":${BOMB}}`,
    ],
    [
      'written with escapes',
      `{"messages":${BOMB},"request\\u004detadata":{"run":"7"},"guardrail\\u0043onfig":{"guardrailIdentifier":"g","guardrailVersion":"1"},"service\\u0054ier":{"type":"flex"}}`,
    ],
  ])('metadata, guardrail and tier are read: %s', (_where, text) => {
    expect(factsOf(text)).toMatchObject({
      request: { requestMetadata: { run: '7' }, guardrailConfig: { guardrailIdentifier: 'g', guardrailVersion: '1' } },
      requestMetadata: { run: '7' },
      isMetadataCut: false,
      requestedTier: 'flex',
      sizeBytes: text.length,
    })
  })

  it.each([
    ['as a whole', `{"messages":${BOMB},"requestMetadata":{"a":"${'x '.repeat(20_000)}","b":1}}`],
    ['in one text', `{"messages":${BOMB},"requestMetadata":{"a":"${'x'.repeat(5_000)}","b":1}}`],
    ['because it is the bomb', `{"requestMetadata":{"b":${BOMB}}}`],
  ])('metadata that is too large %s is said to be cut', (_how, text) => {
    expect(factsOf(text).isMetadataCut).toBe(true)
  })

  it('nothing is said to be cut where only a prompt speaks of metadata', () => {
    const text = `{"messages":${BOMB},"system":[{"text":"\\"requestMetadata\\": ${'x'.repeat(50_000)}"}],"a":{"requestMetadata":${BOMB}}}`
    expect(factsOf(text)).toMatchObject({ request: {}, requestMetadata: null, isMetadataCut: false })
  })
})

describe('in a body of ordinary size', () => {
  it('metadata that is too large is read whole, so that as much of it as fits can be kept', () => {
    const { requestMetadata, isMetadataCut } = factsOf(`{"requestMetadata":{"a":"${'x'.repeat(50_000)}"}}`)
    expect([requestMetadata, isMetadataCut]).toEqual([{ a: 'x'.repeat(50_000) }, false])
  })

  it('the prompt is not among what is kept', () => {
    const text = JSON.stringify({
      messages: [{ role: 'user', content: [{ text: 'secret' }] }],
      requestMetadata: { a: '1' },
    })
    expect(factsOf(text).request).toEqual({ requestMetadata: { a: '1' } })
  })

  it.each([
    '',
    'no JSON "requestMetadata"',
    '{"requestMetadata":',
    '[{"requestMetadata":{}}]',
    '{"requestMetadata":7}',
  ])('there is none in %j', (text) => {
    expect(factsOf(text)).toMatchObject({ requestMetadata: null, isMetadataCut: false })
  })
})
