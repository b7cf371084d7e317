/**
 * Recorded exchanges with the real service: a request whose path and JSON body equal a recorded one gets the recorded
 * bytes, status and headers. Without the folder there is nothing to replay and everything is answered from `answers/`.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { splitFrames } from './frames.ts'
import type { SimulatedOperation } from './operations.ts'
import type { Reply } from './reply.ts'
import { type Route, route } from './route.ts'

/** `../shared/recordings` beside the project's root. */
export const RECORDINGS_FOLDER = fileURLToPath(new URL('../../../shared/recordings', import.meta.url))

/**
 * Headers that belong to the connection of then. `date` is among them because the JavaScript SDK sets its clock by it,
 * and would sign everything that follows with the date of the recording.
 */
const NOT_REPLAYED = new Set(['connection', 'transfer-encoding', 'content-length', 'date'])

export type Recording = {
  /** File name without `.json`, `#` and the place of the exchange in the file, from 0. */
  name: string
  /** Path and query as sent. */
  rawUrl: string
  requestBody: string
  status: number
  headers: Readonly<Record<string, string>>
  body: Uint8Array
}

type RecordedExchange = {
  request: { method: string; url: string; body: string }
  response: { status: number; headers: Record<string, string>; bodyBase64: string }
}

export type RecordingShelf = ReturnType<typeof recordingShelf>

/** All exchanges of a folder in the order of their names; none where it does not exist. */
export function loadRecordings(folder: string = RECORDINGS_FOLDER): readonly Recording[] {
  if (!existsSync(folder)) return []
  const files = readdirSync(folder).filter((file) => file.endsWith('.json'))
  return files.sort().flatMap((file) => {
    const exchanges = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8')) as RecordedExchange[]
    return exchanges.map((exchange, index) => ({
      name: `${file.replace(/\.json$/, '')}#${index}`,
      rawUrl: exchange.request.url.replace(/^https?:\/\/[^/]+/, ''),
      requestBody: exchange.request.body,
      status: exchange.response.status,
      headers: exchange.response.headers,
      body: Buffer.from(exchange.response.bodyBase64, 'base64'),
    }))
  })
}

/** Several answers to one and the same request are given in turn, in the order of their names. */
export function recordingShelf(recordings: readonly Recording[], operations?: readonly SimulatedOperation[]) {
  const routeOf = (recording: Recording) => route('POST', recording.rawUrl, operations)
  const byRequest = Map.groupBy(recordings, (recording) => keyOf(routeOf(recording), recording.requestBody))
  const targets = new Set(recordings.map((recording) => targetKeyOf(routeOf(recording))))
  const given = new Map<string, number>()
  return {
    find(target: Route, body: Uint8Array): Recording | null {
      if (!targets.has(targetKeyOf(target))) return null
      const key = keyOf(target, Buffer.from(body).toString('utf8'))
      const candidates = byRequest.get(key) ?? []
      const turn = given.get(key) ?? 0
      if (candidates.length > 1) given.set(key, turn + 1)
      return candidates[turn % candidates.length] ?? null
    },
    named: (name: string): Recording | null => recordings.find((recording) => recording.name === name) ?? null,
    /** Starts every turn anew. */
    rewind: (): void => given.clear(),
  }
}

export function replay(recording: Recording): Reply {
  const headers = Object.entries(recording.headers).filter(([name]) => !NOT_REPLAYED.has(name))
  const streams = recording.headers['content-type'] === 'application/vnd.amazon.eventstream'
  return {
    status: recording.status,
    headers: Object.fromEntries(headers),
    body: streams ? Array.from(splitFrames(recording.body)) : recording.body,
  }
}

/** Two JSON texts are the same request when they differ in white space and in the order of keys only. */
function keyOf(target: Route | null, body: string): string {
  return `${targetKeyOf(target)} ${JSON.stringify(canonical(body))}`
}

function targetKeyOf(target: Route | null): string {
  return JSON.stringify([target?.operation.name, target?.model])
}

function canonical(text: string): unknown {
  try {
    return sorted(JSON.parse(text))
  } catch {
    return text
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
