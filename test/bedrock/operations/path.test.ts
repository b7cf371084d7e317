import { describe, expect, test } from 'vitest'
import { OPERATIONS } from '../../../src/bedrock/operations/bedrock-runtime.ts'
import { recogniseCall, upstreamPath } from '../../../src/bedrock/operations/path.ts'

const PROFILE_ARN = 'arn:aws:bedrock:us-east-1:123456789012:application-inference-profile/ab12cd34ef56'
const recognise = (path: string, method = 'POST') =>
  recogniseCall(method, `http://gateway.example/bedrock${path}`, '/bedrock')

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
    expect(recognise(path)).toMatchObject({ model, operation: { name: 'Converse' }, search: '' })
  })

  test.each(OPERATIONS.map((operation) => [operation.name, operation.action] as const))(
    '%s is found by its action',
    (name, action) => {
      expect(recognise(`/model/fast/${action}`)).toMatchObject({ operation: { name } })
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

test('the upstream path holds the id encoded exactly once', () => {
  const [converse] = OPERATIONS
  if (converse === undefined) throw new Error('no operations')
  expect(upstreamPath(converse, PROFILE_ARN, '?x=1')).toBe(
    '/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A123456789012%3Aapplication-inference-profile%2Fab12cd34ef56/converse?x=1',
  )
  expect(upstreamPath(converse, 'a%2Fb', '')).toBe('/model/a%252Fb/converse')
})
