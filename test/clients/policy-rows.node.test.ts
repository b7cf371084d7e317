/** Every row of the policy table over real sockets: what the client sees, what each upstream received, what the record says. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { POLICY } from '../../src/routing/policy/policy.ts'
import type { ErrorDetails, ErrorName } from '../simulator/errors.ts'
import { THROTTLING_MESSAGES } from '../simulator/errors.ts'
import type { Fault } from '../simulator/faults.ts'
import { decodeFrames } from '../simulator/raw-client.ts'
import { modelIdOf } from './cases.ts'
import { type Bench, FIRST, ordered, SECOND, startBench } from './failover-bench.ts'

/** Before AWS is asked: assume-role.node.test.ts has them, and the tests of routing the last one, for which an API key is needed. */
const ROWS_OF_CREDENTIALS = ['sts-unavailable', 'sts-throttled', 'role-not-assumed', 'credentials-not-accepted']
/** Nobody is there to be answered: test/relay/abandoned.node.test.ts has the client that leaves. */
const ROWS_OF_CLIENTS_GONE = ['client-left']

type Case = {
  row: string
  fault: Fault
  /** Status and error name of the first attempt in the attempt log. */
  first: { status: number | null; error_type: string | null }
  /** What the client gets where the table says that nobody else is asked; without it another deployment answers. */
  client?: { status: number; type: string | null }
  streams?: true
  /** Deployments that the row takes out say so in the log. */
  health?: 'cooling' | 'held-out' | 'alarm'
  /** Row that the log names, where what another deployment said makes it another one. */
  reason?: string
}

type Detail = ErrorDetails & Pick<Case, 'health'>

/** An HTTP error of AWS for which another deployment is asked. */
function passedOn(row: string, name: ErrorName, status: number, { health, ...details }: Detail = {}): Case {
  const fault: Fault = { error: { name, status, ...details } }
  return { row, fault, first: { status, error_type: name }, ...(health === undefined ? {} : { health }) }
}

/** An HTTP error of AWS that is the client's. */
function handedOut(row: string, name: ErrorName, status: number, details: ErrorDetails = {}): Case {
  return { ...passedOn(row, name, status, details), client: { status, type: name } }
}

function raw(row: string, status: number, more: Partial<Case> = {}): Case {
  const headers = { 'content-type': 'application/json', location: 'http://127.0.0.1:1/' }
  const bodyBase64 = Buffer.from('{"message":"said by something else"}').toString('base64')
  return { row, fault: { raw: { status, headers, bodyBase64 } }, first: { status, error_type: null }, ...more }
}

const cools = { health: 'cooling' } as const
const holds = { health: 'held-out' } as const
const NO_STATUS = null

const CASES: readonly Case[] = [
  {
    row: 'stream-cut-after-content',
    fault: { cutAfterFrames: 2 },
    first: { status: 200, error_type: null },
    client: { status: 200, type: null },
    streams: true,
  },
  {
    row: 'no-answer-in-time',
    fault: { hold: { at: 'headers' } },
    first: { status: NO_STATUS, error_type: 'timeout' },
  },
  { row: 'network', fault: { resetBeforeHeaders: true }, first: { status: NO_STATUS, error_type: 'network' } },
  {
    row: 'stream-cut-before-content',
    fault: { cutInsideFrame: 0 },
    first: { status: NO_STATUS, error_type: 'cut' },
    streams: true,
  },
  {
    row: 'misrouted',
    fault: { unknownOperation: true },
    first: { status: 200, error_type: 'UnknownOperationException' },
    client: { status: 500, type: 'InternalServerException' },
    health: 'alarm',
  },
  passedOn('throttled-per-day', 'ThrottlingException', 429, { message: THROTTLING_MESSAGES.tokensPerDay, ...holds }),
  passedOn('model-not-ready', 'ModelNotReadyException', 429, cools),
  passedOn('throttled-tokens', 'ThrottlingException', 429, { message: THROTTLING_MESSAGES.tokensPerMinute, ...cools }),
  passedOn('throttled-requests', 'ThrottlingException', 429, cools),
  passedOn('throttled', 'ThrottlingException', 429, { message: 'Rate exceeded', ...cools }),
  passedOn('service-quota-exceeded', 'ServiceQuotaExceededException', 400, holds),
  passedOn('credentials-refused', 'ExpiredTokenException', 403, holds),
  // The other deployment answers at once, which leaves it to the request.
  passedOn('signature-refused', 'InvalidSignatureException', 403),
  raw('unauthenticated', 401),
  passedOn('request-names-forbidden', 'AccessDeniedException', 403, {
    message: 'You do not have access to the guardrail of this request.',
  }),
  passedOn('account-denied', 'BadCScoreException', 403, holds),
  passedOn('access-denied', 'AccessDeniedException', 403, holds),
  passedOn('access-denied-somewhere', 'AccessDeniedException', 403, { message: 'Access is denied.', ...holds }),
  passedOn('not-found', 'ResourceNotFoundException', 404, holds),
  passedOn('not-found-somewhere', 'ResourceNotFoundException', 404, { message: 'It does not exist.', ...holds }),
  passedOn('on-demand-unsupported', 'ValidationException', 400, {
    message: 'Invocation of model ID x with on-demand throughput isn’t supported.',
    ...holds,
  }),
  passedOn('model-identifier-invalid', 'ValidationException', 400, {
    message: 'The provided model identifier is invalid.',
    ...holds,
  }),
  passedOn('account-not-allowed', 'ValidationException', 400, { message: 'Operation not allowed', ...holds }),
  {
    ...passedOn('unexplained-refusal', 'ValidationException', 400, { message: 'This account may not do that here.' }),
    health: 'held-out',
    reason: 'answered-by-sibling',
  },
  passedOn('reservation-not-found', 'ValidationException', 400, {
    message: 'Reservation not found.',
  }),
  handedOut('prompt-too-long', 'ValidationException', 400, { message: 'Input is too long for requested model.' }),
  handedOut('bad-request', 'ValidationException', 400),
  handedOut('model-timeout', 'ModelTimeoutException', 424),
  {
    row: 'model-stream-error',
    fault: { exception: { name: 'modelStreamErrorException' } },
    first: { status: 424, error_type: 'ModelStreamErrorException' },
    streams: true,
  },
  passedOn('model-error-of-server', 'ModelErrorException', 424, { originalStatusCode: 500 }),
  handedOut('model-error-of-request', 'ModelErrorException', 424, { originalStatusCode: 400 }),
  handedOut('model-error', 'ModelErrorException', 424),
  passedOn('service-unavailable', 'ServiceUnavailableException', 503),
  passedOn('internal-server-error', 'InternalServerException', 500),
  raw('server-error', 502),
  raw('redirected', 302, holds),
  raw('refused', 418, { client: { status: 418, type: 'ValidationException' } }),
]

/** Wait of the deployments, seconds: what silence costs a call here. */
const TIMEOUT_S = 0.3

let bench: Bench

beforeAll(async () => {
  const timeouts = { timeout: TIMEOUT_S, stream_timeout: TIMEOUT_S }
  const groups = CASES.map(({ row, first }) => ordered(row, first.error_type === 'timeout' ? timeouts : {}))
  bench = await startBench(groups)
})

afterAll(() => bench?.stop())

test('every row of the table has its case here', () => {
  const rows = new Set(POLICY.map(({ name }) => name))
  expect(new Set([...ROWS_OF_CREDENTIALS, ...ROWS_OF_CLIENTS_GONE, ...CASES.map(({ row }) => row)])).toEqual(rows)
})

test.each(CASES.filter(({ client }) => client === undefined))(
  '$row: another deployment is asked at once, and the client sees nothing of it',
  async ({ row, fault, first, streams, health, reason = row }) => {
    bench.simulator.fault({ model: modelIdOf(row), region: FIRST }, fault)
    const answer = await bench.ask(row, streams ? 'converse-stream' : 'converse')
    expect(answer.status).toBe(200)
    expect(answer.text).toContain(streams ? 'metadata' : '"output"')
    expect(bench.received(row)).toEqual({ [FIRST]: 1, [SECOND]: 1 })
    expect(answer.headers.get('x-litellm-model-region')).toBe(SECOND)
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('1')
    expect(answer.headers.get('x-litellm-attempted-fallbacks')).toBe('0')
    const record = await bench.record(answer)
    expect(record).toMatchObject({ status: 'success', verdict: 'complete', http_status: 200, attempts: 2 })
    expect(record).toMatchObject({
      attempt_log: [
        { deployment: `${row}/${FIRST}/1`, region: FIRST, ...first },
        { deployment: `${row}/${SECOND}/1`, region: SECOND, status: 200, error_type: null },
      ],
    })
    expect(healthEvents(row)).toEqual(health === undefined ? [] : [{ kind: health, reason, region: FIRST }])
  },
)

test.each(CASES.filter(({ client }) => client !== undefined))(
  '$row: nobody else is asked, and the client is told',
  async ({ row, fault, first, client, streams, health }) => {
    bench.simulator.fault({ model: modelIdOf(row), region: FIRST }, fault)
    const answer = await bench.ask(row, streams ? 'converse-stream' : 'converse')
    expect(answer.status).toBe(client?.status)
    expect(answer.headers.get('x-amzn-errortype')?.replace(/:.*/, '') ?? null).toBe(client?.type)
    if (streams) {
      const last = decodeFrames(answer.bytes).at(-1)
      expect(last?.headers[':exception-type']).toBe('modelStreamErrorException')
    }
    expect(bench.received(row)).toEqual({ [FIRST]: 1 })
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('0')
    const record = await bench.record(answer)
    expect(record).toMatchObject({ status: 'failure', verdict: streams ? 'cut' : 'exception', attempts: 1 })
    expect(record).toMatchObject({
      http_status: client?.status,
      attempt_log: [{ deployment: `${row}/${FIRST}/1`, region: FIRST, ...first }],
    })
    expect(healthEvents(row)).toEqual(health === undefined ? [] : [{ kind: health, reason: row, region: FIRST }])
  },
)

/** What the log says of the health of a group's deployments. */
function healthEvents(group: string): unknown[] {
  return bench.gateway.logs
    .filter((line) => line.event === 'health' && line.group === group)
    .map(({ kind, reason, region }) => ({ kind, reason, region }))
}
