import { describe, expect, it } from 'vitest'
import { BEDROCK_RUNTIME } from '../../../src/bedrock/operations/bedrock-runtime.ts'
import { requestedTier } from '../../../src/bedrock/usage/requested-tier.ts'

const placeOf = (name: string) => BEDROCK_RUNTIME.find((operation) => operation.name === name)?.serviceTier ?? null
const bytes = (body: unknown) => new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body))
const ask = (operation: string, body: unknown, headers = {}) => requestedTier(placeOf(operation), headers, bytes(body))

describe('the tier that a request asks for', () => {
  it.each(['Converse', 'ConverseStream'])('stands in the body of %s', (operation) => {
    expect(ask(operation, { messages: [], serviceTier: { type: 'flex' } })).toBe('flex')
    expect(ask(operation, { messages: [] }, { 'x-amzn-bedrock-service-tier': 'flex' })).toBeNull()
  })

  it.each(['InvokeModel', 'InvokeModelWithResponseStream'])('stands in a header of %s', (operation) => {
    expect(ask(operation, {}, { 'x-amzn-bedrock-service-tier': 'priority' })).toBe('priority')
    expect(ask(operation, { serviceTier: { type: 'flex' } })).toBeNull()
  })

  it('is found behind a prompt of any size, and not inside its text', () => {
    const text = 'a "serviceTier": {"type": "flex"} \\ '.repeat(20_000)
    const messages = [{ role: 'user', content: [{ text }] }]
    expect(ask('Converse', { messages, serviceTier: { type: 'priority' } })).toBe('priority')
    expect(ask('Converse', { messages })).toBeNull()
    expect(ask('Converse', { messages: [{ serviceTier: { type: 'flex' } }] })).toBeNull()
  })

  it.each([
    ['{"serviceTier":{"type":7}}'],
    ['{"serviceTier":"flex"}'],
    ['{"serviceTier":{"type":""}}'],
    [`{"serviceTier":{"type":"${'x'.repeat(33)}"}}`],
    ['{"serviceTier":'],
    ['not "serviceTier" JSON'],
    [''],
  ])('is none in %j', (body) => {
    expect(ask('Converse', body)).toBeNull()
  })

  it('is read from a bomb of brackets beside it without building their tree', () => {
    const bomb = `{"x":[${'[],'.repeat(500_000)}[]],"serviceTier":{"type":"flex"}}`
    expect(ask('Converse', bomb)).toBe('flex')
  })
})
