/** A client that keeps its connections: the load, and the time a single caller waits. */
import { Agent, type IncomingMessage, request } from 'node:http'

export const CONNECTIONS = 8

export type Target = {
  url: URL
  method: 'GET' | 'POST'
  headers: Readonly<Record<string, string | number>>
  body?: Uint8Array
}

export type Times = { firstByteMs: number; totalMs: number }

export type Client = {
  once(target: Target): Promise<Times>
  /** `calls` calls over all connections at once. Rejects at the first that is not answered with 200. */
  load(target: Target, calls: number): Promise<void>
  /** Calls over all connections until the time is over; the number of answers. */
  loadFor(target: Target, ms: number): Promise<number>
  close(): void
}

export function createClient(connections: number = CONNECTIONS): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections })

  function once(target: Target): Promise<Times> {
    const startedMs = performance.now()
    const { method, headers, body } = target
    return new Promise((resolve, reject) => {
      const sent = request(target.url, { method, headers, agent }, (response) => {
        let firstByteMs = Number.NaN
        response.once('data', () => {
          firstByteMs = performance.now() - startedMs
        })
        response.resume()
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve({ firstByteMs, totalMs: performance.now() - startedMs })
          else reject(new Error(unexpected(target, response)))
        })
      })
      sent.on('error', reject)
      sent.end(body)
    })
  }

  const onEveryConnection = (work: () => Promise<void>) => Promise.all(Array.from({ length: connections }, work))

  return {
    once,
    async load(target, calls) {
      let started = 0
      await onEveryConnection(async () => {
        while (started < calls) {
          started++
          await once(target)
        }
      })
    },
    async loadFor(target, ms) {
      const endMs = performance.now() + ms
      let answers = 0
      await onEveryConnection(async () => {
        while (performance.now() < endMs) {
          await once(target)
          answers++
        }
      })
      return answers
    },
    close: () => agent.destroy(),
  }
}

function unexpected({ method, url }: Target, { statusCode }: IncomingMessage): string {
  return `${method} ${url.pathname} was answered with ${statusCode}`
}
