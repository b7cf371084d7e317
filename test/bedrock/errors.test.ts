import { describe, expect, test } from 'vitest'
import { errorOfRefusal } from '../../src/access/aws-error.ts'
import type { Refusal } from '../../src/access/refusal.ts'
import { errorResponse } from '../../src/bedrock/error-response.ts'
import { bareErrorName, errorNameOfException, statusOfErrorName } from '../../src/bedrock/errors.ts'

const CASES: readonly [Refusal, number, string][] = [
  [{ kind: 'no-credential' }, 403, 'MissingAuthenticationTokenException'],
  [{ kind: 'unknown-key' }, 403, 'UnrecognizedClientException'],
  [
    { kind: 'malformed-authorization', detail: 'Authorization header requires a signature.' },
    400,
    'IncompleteSignatureException',
  ],
  [{ kind: 'bad-path', detail: 'x' }, 400, 'ValidationException'],
  [{ kind: 'unsignable', part: 'header', name: 'accept', detail: 'x' }, 400, 'ValidationException'],
  [{ kind: 'unknown-operation', method: 'GET', path: '/x' }, 404, 'UnknownOperationException'],
  [{ kind: 'unknown-model', model: 'x', known: ['a', 'b'] }, 404, 'ResourceNotFoundException'],
  [{ kind: 'body-too-large', limitBytes: 25_000_000 }, 413, 'ValidationException'],
  [{ kind: 'body-unreadable' }, 400, 'ValidationException'],
  [{ kind: 'too-busy', retryAfterMs: 1000 }, 503, 'ServiceUnavailableException'],
  [{ kind: 'cooling', status: 429, model: 'x', reason: 'throttled', retryAfterMs: 1500 }, 429, 'ThrottlingException'],
  [
    { kind: 'cooling', status: 503, model: 'x', reason: 'network', retryAfterMs: 1500 },
    503,
    'ServiceUnavailableException',
  ],
  [
    { kind: 'upstream-unreachable', model: 'x', detail: 'no answer', retryAfterMs: 1000 },
    503,
    'ServiceUnavailableException',
  ],
  [{ kind: 'unroutable', status: 400, message: 'Input is too long for requested model.' }, 400, 'ValidationException'],
  [{ kind: 'unroutable', status: 403, message: 'No deployment lies there.' }, 403, 'AccessDeniedException'],
  [{ kind: 'upstream-misrouted', model: 'x' }, 500, 'InternalServerException'],
  [{ kind: 'no-config' }, 503, 'ServiceUnavailableException'],
  [{ kind: 'internal' }, 500, 'InternalServerException'],
]

describe('each refusal is the AWS error that clients can act on', () => {
  test.each(CASES)('%o', async (refusal, status, type) => {
    const response = errorResponse(errorOfRefusal(refusal), 'call-1')
    expect(response.status).toBe(status)
    expect(response.headers.get('x-amzn-errortype')).toBe(type)
    expect(response.headers.get('x-amzn-requestid')).toBe('call-1')
    expect(response.headers.get('content-type')).toBe('application/json')
    const body = await response.json<{ message: string }>()
    expect(Object.keys(body)).toEqual(['message'])
    expect(body.message.length).toBeGreaterThan(10)
  })

  test('no refusal is a 408, which some clients repeat', () => {
    for (const [refusal] of CASES) expect(errorOfRefusal(refusal).status).not.toBe(408)
  })
})

test('a wait is told in milliseconds and in whole seconds that agree', () => {
  for (const [ms, seconds] of [
    [1, '1'],
    [1000, '1'],
    [1001, '2'],
    [29_500, '30'],
  ] as const) {
    const { headers } = errorResponse(errorOfRefusal({ kind: 'too-busy', retryAfterMs: ms }), 'call-1')
    expect(headers.get('x-amz-retry-after')).toBe(String(ms))
    expect(headers.get('retry-after')).toBe(seconds)
  }
})

test('an unknown model is told which names there are, fifty at most', () => {
  const known = Array.from({ length: 60 }, (_, index) => `model-${index}`)
  const { message } = errorOfRefusal({ kind: 'unknown-model', model: 'fsat', known })
  expect(message).toContain('"fsat"')
  expect(message).toContain('model-0, model-1')
  expect(message).toContain('model-49 and 10 more')
  expect(message).not.toContain('model-50')
})

test('names are read without the ornaments AWS hangs on them', () => {
  expect(bareErrorName('ValidationException:http://internal.amazon.com/coral/com.amazon.bedrock/')).toBe(
    'ValidationException',
  )
  expect(bareErrorName('com.amazon.coral.service#UnknownOperationException')).toBe('UnknownOperationException')
  expect(errorNameOfException('throttlingException')).toBe('ThrottlingException')
  expect(statusOfErrorName('ModelStreamErrorException')).toBe(424)
  expect(statusOfErrorName('SomethingNew')).toBe(500)
})
