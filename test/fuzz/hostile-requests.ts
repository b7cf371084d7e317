/**
 * Requests as hostile callers write them, byte by byte, from a seed: every part of a request is now and then as no client library
 * would send it, and the client leaves at any moment.
 */
import { MASTER_KEY } from '../clients/harness.ts'
import { FRAMINGS, pick } from './framings.ts'
import { HOSTILE_BODIES } from './hostile-bodies.ts'

export type HostileRequest = {
  /** What is wrong with it: the name of its line in the report. */
  kind: string
  bytes: Buffer
  /** When and how the client goes, or null where it waits for its answer. */
  leaves: Leaving | null
  /** It is no HTTP, or does not end: the server may close the connection without a word. */
  isBroken: boolean
}

export type Leaving = {
  /** After so many of the bytes were sent; Infinity: after the first byte of the answer. */
  afterBytes: number
  how: 'end' | 'reset'
}

type Random = () => number

export type Parts = { method: string; target: string; headers: [string, string][]; body: Buffer }

/** A mutation of a request that is in order, or bytes of its own. */
type Mutation = (parts: Parts, random: Random) => void

const ACTIONS = ['converse', 'converse-stream', 'invoke', 'invoke-with-response-stream', 'count-tokens'] as const

const CONVERSE_BODY = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }] })
const INVOKE_BODY = JSON.stringify({ messages: [{ role: 'user', content: [{ text: 'hi' }] }], inferenceConfig: {} })

function plainRequest(random: Random, models: readonly string[]): Parts {
  const action = pick(ACTIONS, random)
  const body = action === 'count-tokens' ? `{"input":{"converse":${CONVERSE_BODY}}}` : INVOKE_BODY
  return {
    method: 'POST',
    target: `/bedrock/model/${pick(models, random)}/${action}`,
    headers: [
      ['host', 'gateway'],
      ['authorization', `Bearer ${MASTER_KEY}`],
      ['content-type', 'application/json'],
      ['connection', 'close'],
    ],
    body: Buffer.from(action.startsWith('converse') ? CONVERSE_BODY : body),
  }
}

const nested = (depth: number) => `${'{"a":'.repeat(depth)}1${'}'.repeat(depth)}`
const bytesOf = (...codes: number[]) => Buffer.from(codes).toString('latin1')
/** Characters that have a meaning somewhere: in HTTP, URLs, JSON, SQL, shells, terminals, JavaScript. */
const SPICE = [
  '"',
  "'",
  '\\',
  '<',
  '%',
  '%00',
  '%zz',
  ';',
  '--',
  '$(x)',
  '\t',
  bytesOf(0xe9),
  bytesOf(0xc3, 0xa9),
  bytesOf(0xff),
  '__proto__',
  'constructor',
  '{{',
  '\u0001',
  '🙂',
]

function spiced(random: Random, most = 12): string {
  return Array.from({ length: 1 + Math.floor(random() * most) }, () =>
    pick([...SPICE, 'a', 'Z', '0', ' '], random),
  ).join('')
}

const QUERIES = [
  '?a=b+c',
  '?a=%e9',
  '?a=%E9%',
  '?X-Amz-Signature=1',
  '?X-Amz-Security-Token=x',
  '?=',
  '?&&',
  '??',
  '?a',
  '?a=b=c',
  '?a=b&a=a',
  '?%',
  '?a=%2B',
  '?a= b',
  '?é=1',
  `?${'a=1&'.repeat(500)}`,
  `?a=${'x'.repeat(4_000)}`,
]
const PATHS = [
  '/bedrock',
  '/bedrock/',
  '/bedrock//',
  '/bedrock/model',
  '/bedrock/model//converse',
  '/bedrock/model/../converse',
  '/bedrock/model/%2e%2e/converse',
  '/bedrock/model/..%2f..%2fx/converse',
  '/bedrock/model/%00/converse',
  '/bedrock/model/%zz/converse',
  '/bedrock/model/a%0d%0ab/converse',
  '/bedrock/model/nova/converse/',
  '/bedrock/model/nova/CONVERSE',
  `/bedrock/model/${'x'.repeat(5_000)}/converse`,
  '/bedrock/model/arn:aws:bedrock:us-east-1:123456789012:prompt/A/converse',
  '/bedrock/guardrail/x/version/1/apply',
  '/%62edrock/model/nova/converse',
  'http://elsewhere.example/bedrock/model/nova/converse',
  '/bedrock/model/nova/converse#x',
  '*',
  '/key/info',
  '/spend/logs?limit=-1',
  '/spend/logs?request_id=%27%20OR%201=1',
  '/health',
  '/v1/models',
  '/ui',
  '/spend/calculate',
  '/robots.txt',
]
const CREDENTIALS = [
  '',
  'Bearer',
  'Bearer ',
  'Bearer sk-wrong',
  'Basic eA==',
  'AWS4-HMAC-SHA256',
  'AWS4-HMAC-SHA256 Credential=',
  `AWS4-HMAC-SHA256 Credential=${MASTER_KEY}/20260101/us-east-1/bedrock/aws4_request, SignedHeaders=host, Signature=00`,
  'AWS4-HMAC-SHA256 Credential=x/20260101/us-east-1/bedrock/aws4_request,SignedHeaders=,Signature=zz',
  `Bearer ${'x'.repeat(8_000)}`,
  `bearer ${MASTER_KEY}`,
  `Bearer ${MASTER_KEY}, Bearer x`,
]
const METADATA_HEADERS = [
  'x-litellm-spend-logs-metadata',
  'x-amzn-bedrock-request-metadata',
  'x-litellm-tags',
  'x-litellm-customer-id',
  'x-litellm-call-id',
  'amz-sdk-invocation-id',
]
const METADATA = [
  nested(1_000),
  nested(5_000),
  `${'['.repeat(20_000)}${']'.repeat(20_000)}`,
  '{',
  'null',
  '[]',
  '"x"',
  '{"__proto__":{"x":1}}',
  '{"toString":1,"constructor":null}',
  ','.repeat(20_000),
  't,'.repeat(10_000),
  'x'.repeat(20_000),
  '{"a":"\\ud800"}',
  '{"a":1e999}',
  `{"a":"${'\\u0000'.repeat(500)}"}`,
]
const SIGNED_HEADERS = [
  'accept',
  'content-type',
  'x-amzn-bedrock-trace',
  'x-amzn-bedrock-guardrailidentifier',
  'x-amzn-bedrock-guardrailversion',
  'x-amzn-bedrock-service-tier',
  'x-amzn-bedrock-performanceconfig-latency',
  'x-amzn-bedrock-anything',
]
const METHODS = ['GET', 'PUT', 'DELETE', 'PATCH', 'HEAD', 'OPTIONS', 'post', 'FOO', 'TRACE']

const set = (parts: Parts, name: string, value: string) => {
  parts.headers = [...parts.headers.filter(([known]) => known !== name), [name, value]]
}

const MUTATIONS: Readonly<Record<string, Mutation>> = {
  'in order': () => undefined,
  method: (parts, random) => {
    parts.method = pick(METHODS, random)
  },
  path: (parts, random) => {
    parts.target = pick(PATHS, random)
  },
  'made-up path': (parts, random) => {
    parts.target = `/bedrock/model/${encodeURIComponent(spiced(random))}/${pick(ACTIONS, random)}${random() < 0.3 ? `/${oneWord(spiced(random, 3))}` : ''}`
  },
  query: (parts, random) => {
    parts.target += pick(QUERIES, random)
  },
  'made-up query': (parts, random) => {
    // The simulator verifies with Smithy, which keeps a query in an object and loses this one name.
    const name = oneWord(spiced(random)).replaceAll('__proto__', '__prototype__')
    parts.target += `?${name}=${oneWord(spiced(random))}`
  },
  credentials: (parts, random) => {
    set(parts, 'authorization', pick(CREDENTIALS, random))
  },
  'no credentials': (parts) => {
    parts.headers = parts.headers.filter(([name]) => name !== 'authorization')
  },
  'metadata bomb': (parts, random) => {
    set(parts, pick(METADATA_HEADERS, random), pick(METADATA, random))
  },
  'spice in headers that are signed': (parts, random) => {
    set(parts, pick(SIGNED_HEADERS, random), spiced(random))
  },
  'headers twice': (parts, random) => {
    const name = pick([...SIGNED_HEADERS, 'authorization', 'content-type', 'x-litellm-tags'], random)
    parts.headers = [...parts.headers, [name, spiced(random)], [name, spiced(random)]]
  },
  'many headers': (parts, random) => {
    const more = Array.from({ length: 100 + Math.floor(random() * 400) }, (_, n): [string, string] => [`x-h-${n}`, 'v'])
    parts.headers = [...parts.headers, ...more]
  },
  'a body of hostile JSON': (parts, random) => {
    parts.body = pick(HOSTILE_BODIES, random)(random)
  },
  'a content type that lies': (parts, random) => {
    set(
      parts,
      'content-type',
      pick(['text/html', 'application/vnd.amazon.eventstream', 'multipart/form-data', '', 'x'.repeat(3_000)], random),
    )
    set(parts, 'content-encoding', pick(['gzip', 'br', 'identity', 'x'], random))
  },
  'management with a hostile body': (parts, random) => {
    parts.target = pick(['/spend/calculate', '/key/generate', '/config/update', '/health', '/ui/sign-in'], random)
    parts.body = pick(HOSTILE_BODIES, random)(random)
  },
  'expects 100': (parts) => {
    set(parts, 'expect', '100-continue')
  },
}

const FRAMED_PLAINLY = 0.85
const STAYS = 0.7

const METHODS_OF_HTTP = /^[A-Z]+$/

/** A text without spaces, as a request line needs it. */
function oneWord(text: string): string {
  return text.replaceAll(/\s/g, '+')
}

/** Holds a control character or one of `more` beside the line ends that stand where they belong. */
function hasControl(text: string, more: string): boolean {
  return [...text.replaceAll('\r\n', '')].some(
    (character) => character < ' ' || character === '\x7f' || more.includes(character),
  )
}

/** `models`: names of the configuration. The same numbers give the same request. */
export function hostileRequest(random: Random, models: readonly string[]): HostileRequest {
  const parts = plainRequest(random, models)
  const mutation = pick(Object.keys(MUTATIONS), random)
  MUTATIONS[mutation]?.(parts, random)
  const framing =
    random() < FRAMED_PLAINLY ? pick(['length', 'length', 'chunks'], random) : pick(Object.keys(FRAMINGS), random)
  const lines = parts.headers.map(([name, value]) => `${name}: ${Buffer.from(value).toString('latin1')}\r\n`).join('')
  const target = Buffer.from(parts.target).toString('latin1')
  const head = `${parts.method} ${target} HTTP/1.1\r\n${lines}`
  const framed = FRAMINGS[framing]?.(head, parts.body, random)
  if (framed === undefined) throw new Error(framing)
  const isPlainFraming = framing === 'length' || framing === 'chunks'
  const kind = isPlainFraming ? mutation : framing
  // What HTTP itself forbids in a request line or a header may end the connection without a word.
  const isBroken =
    framed.isBroken || !METHODS_OF_HTTP.test(parts.method) || hasControl(target, ' ') || hasControl(lines, '')
  if (random() < STAYS) return { kind, bytes: framed.bytes, leaves: null, isBroken }
  const afterBytes = random() < 0.3 ? Number.POSITIVE_INFINITY : Math.floor(random() * (framed.bytes.length + 1))
  const leaves: Leaving = { afterBytes, how: random() < 0.5 ? 'end' : 'reset' }
  return { kind: `${kind}, and leaves`, bytes: framed.bytes, leaves, isBroken }
}
