import { describe, expect, test } from 'vitest'
import type { Operation } from '../../../src/bedrock/operations/operation.ts'
import { recognise as recogniseIn, upstreamPath } from '../../../src/bedrock/operations/path.ts'
import { pathTemplate } from '../../../src/bedrock/operations/path-template.ts'
import { createOperations, OPERATIONS } from '../../../src/bedrock/operations/table.ts'

const PROFILE_ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56'
const [converse] = OPERATIONS
if (converse === undefined) throw new Error('no operations')

const served = createOperations(OPERATIONS)
const recognise = (path: string, method = 'POST', operations = served) =>
  recogniseIn(operations, method, `http://gateway.example/bedrock${path}`, '/bedrock')

describe('every encoding that real clients send means the same model', () => {
  test.each([
    ['plain alias', '/model/fast/converse', 'fast'],
    ['alias with an encoded slash', '/model/team%2Ffast/converse', 'team/fast'],
    ['alias with a raw slash', '/model/team/fast/converse', 'team/fast'],
    ['id with %3A, as AWS SDKs send it', '/model/amazon.nova-lite-v1%3A0/converse', 'amazon.nova-lite-v1:0'],
    ['id with %3a', '/model/amazon.nova-lite-v1%3a0/converse', 'amazon.nova-lite-v1:0'],
    [
      'id with a raw colon, as Anthropic SDKs send it',
      '/model/amazon.nova-lite-v1:0/converse',
      'amazon.nova-lite-v1:0',
    ],
    ['ARN all encoded', `/model/${encodeURIComponent(PROFILE_ARN)}/converse`, PROFILE_ARN],
    ['ARN with raw colons and %2F', `/model/${PROFILE_ARN.replace('/', '%2F')}/converse`, PROFILE_ARN],
    ['ARN with a raw slash', `/model/${PROFILE_ARN}/converse`, PROFILE_ARN],
    ['a model whose name is an action', '/model/converse/converse', 'converse'],
    ['a space', '/model/my%20model/converse', 'my model'],
    ['a percent sign in the name is decoded once', '/model/a%252Fb/converse', 'a%2Fb'],
  ])('%s', (_case, path, model) => {
    expect(recognise(path)).toMatchObject({
      labels: { modelId: model },
      operation: { name: 'Converse' },
      search: '',
    })
  })

  test.each(OPERATIONS.map((operation) => [operation.name, operation.method, operation.path.text] as const))(
    '%s is found by %s %s',
    (name, method, path) => {
      expect(recognise(path.replace(/\{\w+\}/g, 'fast'), method)).toMatchObject({ operation: { name } })
    },
  )

  test('the query string is kept as it came', () => {
    expect(recognise('/model/fast/converse?a=b%2Fc&d')).toMatchObject({ search: '?a=b%2Fc&d' })
  })
})

describe('paths that could mean something else upstream are refused', () => {
  test.each([
    ['..', '/model/../converse'],
    ['%2e%2e', '/model/%2e%2e/converse'],
    ['.. inside an encoded segment', '/model/a%2F..%2Fb/converse'],
    ['.', '/model/./converse'],
    ['an empty segment', '/model//converse'],
    ['a slash at the end of a path that has none', '/model/fast/converse/'],
    ['nothing but a slash', '/'],
    ['an empty part of an encoded segment', '/model/a%2F%2Fb/converse'],
    ['a line feed', '/model/a%0Ab/converse'],
    ['a NUL', '/model/a%00/converse'],
    ['a broken percent sign', '/model/a%zz/converse'],
    ['bytes that are no UTF-8', '/model/a%ff/converse'],
    ['an endless id', `/model/${'x'.repeat(2049)}/converse`],
  ])('%s', (_case, path) => {
    expect(recognise(path)).toMatchObject({ kind: 'bad-path' })
  })

  test.each([
    ['GET', '/model/fast/converse'],
    ['POST', '/model/fast/reverse'],
    ['POST', '/model/converse'],
    ['POST', '/models/fast/converse'],
  ])('%s %s is no operation', (method, path) => {
    expect(recognise(path, method)).toMatchObject({ kind: 'unknown-operation' })
  })
})

describe('paths of any form that AWS has are told apart', () => {
  const entry = (name: string, method: Operation['method'], path: string, label?: string): Operation => ({
    ...converse,
    name,
    method,
    path: pathTemplate(path),
    resource: label === undefined ? { kind: 'account' } : { kind: 'account-resource', at: { in: 'path', label } },
    requestMetadata: null,
    guardrail: null,
    probe: null,
  })
  const paths = createOperations([
    entry('CreateSession', 'PUT', '/sessions/'),
    entry('ListSessions', 'POST', '/sessions/'),
    entry('GetSession', 'GET', '/sessions/{sessionIdentifier}/', 'sessionIdentifier'),
    entry('InvokeInlineAgent', 'POST', '/agents/{sessionId}'),
    entry('PrepareAgent', 'POST', '/agents/{agentId}/'),
    entry('InvokeFlow', 'POST', '/flows/{flowIdentifier}/aliases/{flowAliasIdentifier}', 'flowIdentifier'),
    entry('StartFlowExecution', 'POST', '/flows/{flow}/aliases/{alias}/executions', 'flow'),
    entry('ListFlowExecutions', 'POST', '/flows/{flowIdentifier}/executions', 'flowIdentifier'),
    entry('GetAsyncInvoke', 'GET', '/async-invoke/{invocationArn}', 'invocationArn'),
    entry('ListAsyncInvokes', 'GET', '/async-invoke'),
  ])

  test.each([
    ['PUT', '/sessions/', 'CreateSession', {}],
    ['POST', '/sessions/', 'ListSessions', {}],
    ['GET', '/sessions/s1/', 'GetSession', { sessionIdentifier: 's1' }],
    ['POST', '/agents/s1', 'InvokeInlineAgent', { sessionId: 's1' }],
    ['POST', '/agents/a1/', 'PrepareAgent', { agentId: 'a1' }],
    ['POST', '/flows/f/aliases/a', 'InvokeFlow', { flowIdentifier: 'f', flowAliasIdentifier: 'a' }],
    ['POST', '/flows/arn:x:flow/f/aliases/a', 'InvokeFlow', { flowIdentifier: 'arn:x:flow/f' }],
    ['POST', '/flows/f/aliases/a/executions', 'StartFlowExecution', { flow: 'f', alias: 'a' }],
    ['POST', '/flows/f/executions', 'ListFlowExecutions', { flowIdentifier: 'f' }],
    ['GET', '/async-invoke/arn%3Ax%3Aasync-invoke%2Fi', 'GetAsyncInvoke', { invocationArn: 'arn:x:async-invoke/i' }],
    ['GET', '/async-invoke?maxResults=3', 'ListAsyncInvokes', {}],
  ] as const)('%s %s is %s', (method, path, name, labels) => {
    expect(recognise(path, method, paths)).toMatchObject({ operation: { name }, labels })
  })

  test.each([
    ['POST', '/agents/a/b', 'unknown-operation'],
    ['PUT', '/sessions', 'unknown-operation'],
    ['PUT', '/sessions//', 'bad-path'],
    ['GET', '/async-invoke/', 'bad-path'],
  ] as const)('%s %s is none of them', (method, path, kind) => {
    expect(recognise(path, method, paths)).toMatchObject({ kind })
  })

  test('and are written as they were read, with what they are about put in', () => {
    const found = recognise('/flows/arn:x:flow/f/aliases/a?b=c', 'POST', paths)
    if ('kind' in found) throw new Error(found.kind)
    expect(upstreamPath(found.operation, found.labels, 'g/1', found.search)).toBe('/flows/g%2F1/aliases/a?b=c')
    const session = recognise('/sessions/', 'PUT', paths)
    if ('kind' in session) throw new Error(session.kind)
    expect(upstreamPath(session.operation, session.labels, 'unused', '')).toBe('/sessions/')
  })
})

test('the upstream path holds the id encoded exactly once', () => {
  expect(upstreamPath(converse, {}, PROFILE_ARN, '?x=1')).toBe(
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fab12cd34ef56/converse?x=1',
  )
  expect(upstreamPath(converse, { modelId: 'alias' }, 'a%2Fb', '')).toBe('/model/a%252Fb/converse')
})

test.each(['', 'model', '/model//x', '/{a', '/a b', '/a/{b}c'])('%j is no path of an operation', (path) => {
  expect(() => pathTemplate(path)).toThrow('not a path')
})
