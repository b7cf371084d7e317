import { describe, expect, expectTypeOf, test } from 'vitest'
import type { Operation } from '../../../src/bedrock/operations/operation.ts'
import { pathTemplate } from '../../../src/bedrock/operations/path-template.ts'
import { resourceOf } from '../../../src/bedrock/operations/place.ts'
import { createOperations, OPERATIONS } from '../../../src/bedrock/operations/table.ts'
import { tableFaults } from '../../../src/bedrock/operations/table-faults.ts'

const [converse, converseStream] = OPERATIONS
if (converse === undefined || converseStream?.answer.kind !== 'event-stream') throw new Error('no operations')
const stream = converseStream.answer

/** An operation that nobody has, sound but for what a test changes. */
const madeUp = (changes: Record<string, unknown> = {}): Operation => ({
  ...converse,
  name: 'MadeUp',
  path: pathTemplate('/model/{modelId}/made-up'),
  probe: null,
  ...changes,
})

/** Properties that an entry could leave out and still compile. */
type Optional = { [Key in keyof Operation]: Omit<Operation, Key> extends Operation ? Key : never }[keyof Operation]

describe('an entry of the table of operations', () => {
  test('that leaves any property out does not compile', () => {
    expectTypeOf<Optional>().toEqualTypeOf<never>()
  })

  test.each(Object.keys(converse))('that leaves %s open is refused', (property) => {
    const open = madeUp({ [property]: undefined })
    expect(tableFaults([open]).join()).toContain(`leaves ${property} open`)
    expect(() => createOperations([...OPERATIONS, open])).toThrow(property)
  })

  test.each([
    ['name', 'made up'],
    ['service', 'bedrock-agent'],
    ['method', 'get'],
    ['path', pathTemplate('/{modelId}/made-up')],
    ['path', pathTemplate('/model/{modelId}/{modelId}')],
    ['resource', { kind: 'model', at: { in: 'path', label: 'other' } }],
    ['resource', { kind: 'model', at: { in: 'body', path: [] } }],
    ['resource', { kind: 'model', at: { in: 'header', name: 'X-Upper' } }],
    ['resource', { kind: 'tenant', at: { in: 'path', label: 'modelId' } }],
    ['answer', { kind: 'html' }],
    ['answer', { ...stream, content: [] }],
    ['answer', { ...stream, end: { by: 'event', event: '' } }],
    ['answer', { ...stream, end: { by: 'model-chunks' } }],
    ['answer', { ...stream, usageIn: { kind: 'event', event: '' } }],
    ['answer', { ...stream, cut: 'ThrottlingException' }],
    ['successStatuses', []],
    ['successStatuses', [200, 404]],
    ['bills', 'user'],
    ['usage', 'converse-body'],
    ['credentials', []],
    ['credentials', ['password']],
    ['requestMetadata', { in: 'path', label: 'modelId' }],
    ['probe', { cost: 'cheap', body: '{}' }],
  ])('whose %s is %j is refused', (property, value) => {
    expect(tableFaults([madeUp({ [property]: value })]).join()).toContain(`leaves ${property} open or wrong`)
  })

  test.each([
    ['method and path', { name: 'Other' }, 'MadeUp and Other have the same path'],
    [
      'the shape of the path',
      { name: 'Other', path: pathTemplate('/model/{id}/made-up'), resource: { kind: 'account' } },
      'MadeUp and Other have the same path',
    ],
    ['the name', { path: pathTemplate('/model/{modelId}/other') }, 'MadeUp and MadeUp have the same name'],
  ])('that has %s of another one is refused', (_what, changes, fault) => {
    expect(tableFaults([madeUp(), madeUp(changes)])).toEqual([fault])
  })

  test('that is sound is taken, beside all that are served', () => {
    expect(tableFaults([...OPERATIONS, madeUp()])).toEqual([])
    expect(createOperations([...OPERATIONS, madeUp()]).entries).toHaveLength(OPERATIONS.length + 1)
  })

  test('that would be a second health probe of its cost is refused', () => {
    const paid = { cost: 'paid', body: '{}' }
    expect(tableFaults([converse, madeUp({ probe: paid })])).toEqual([
      'Converse and MadeUp have a health probe of the same cost',
    ])
  })
})

test('a deployment is asked for its health by the free operation, on demand by the paid one, where the table has one', () => {
  const operations = createOperations(OPERATIONS)
  expect(operations.probe('free')?.operation.name).toBe('CountTokens')
  expect(operations.probe('paid')?.operation.name).toBe('Converse')
  expect(createOperations([madeUp()]).probe('free')).toBeNull()
})

test('what a request is about is read where its operation says: path, body or header', () => {
  const body = new TextEncoder().encode(JSON.stringify({ configuration: { modelArn: 'arn:a' }, empty: '' }))
  const request = { labels: { modelId: 'fast' }, headers: { 'x-id': 'h' }, body }
  const read = (at: object) => resourceOf(madeUp({ resource: { kind: 'model', at } }), request)
  expect(read({ in: 'path', label: 'modelId' })).toBe('fast')
  expect(read({ in: 'body', path: ['configuration', 'modelArn'] })).toBe('arn:a')
  expect(read({ in: 'header', name: 'x-id' })).toBe('h')
  expect(read({ in: 'body', path: ['configuration', 'other'] })).toBeNull()
  expect(read({ in: 'body', path: ['empty'] })).toBeNull()
  expect(resourceOf(madeUp({ resource: { kind: 'account' } }), request)).toBeNull()
})

test.each([
  ['a bomb of brackets', `"x":[${'[],'.repeat(300_000)}[]],"configuration":{"modelArn":"arn:a"}`],
  ['a long text in the same member', `"configuration":{"prompt":"${'x'.repeat(50_000)}","modelArn":"arn:a"}`],
])('what a request is about is found beside %s', (_what, members) => {
  const resource = { kind: 'model', at: { in: 'body', path: ['configuration', 'modelArn'] } } as const
  const request = { labels: {}, headers: {}, body: new TextEncoder().encode(`{${members}}`) }
  expect(resourceOf(madeUp({ resource }), request)).toBe('arn:a')
})
