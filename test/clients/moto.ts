/** moto's STS, which checks signatures with botocore's code, and a counting proxy in front of it. */
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type IncomingMessage, request } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createInterface } from 'node:readline'
import { BOTO3_VERSIONS, pythonOf, startPython, stopPython } from './python.ts'

/** Python that has moto's server; undefined where none was set up, and then its tests are skipped by name. */
export function motoPython(): string | undefined {
  const [, boto3] = BOTO3_VERSIONS
  const python = pythonOf(boto3)
  if (python === undefined) return undefined
  return spawnSync(python, ['-c', 'import flask, flask_cors, moto']).status === 0 ? python : undefined
}

export type Moto = {
  /** Origin of a server that knows all of AWS's query protocol. */
  url: string
  /** Keys of a user that may assume `roleArn` and nothing else. */
  accessKeyId: string
  secretAccessKey: string
  roleArn: string
  stop(): Promise<void>
}

export async function startMoto(python: string): Promise<Moto> {
  const child = startPython(python, 'moto_sts.py')
  let complaints = ''
  child.stderr.on('data', (text: Buffer) => {
    complaints += text.toString()
  })
  const ended = once(child, 'close').then(() => {
    throw new Error(`moto did not start: ${complaints}`)
  })
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended])
  // Its end is no news once it runs.
  ended.catch(() => {})
  return { ...(JSON.parse(String(line)) as Omit<Moto, 'stop'>), stop: () => stopPython(child) }
}

export type Session = { accessKeyId: string; secretAccessKey: string; sessionToken: string }

export type StsProxy = {
  url: string
  /** Form posts that came in. */
  calls: number
  /** Their fields. */
  forms: URLSearchParams[]
  /** Session keys that went out. */
  sessions: Session[]
  /** Until it resolves, answers are held back. */
  gate: Promise<void>
  stop(): Promise<void>
}

/** Hands every request on as it came, `host` included, which the client has signed. */
export async function startStsProxy(moto: Moto): Promise<StsProxy> {
  const server = createServer(async (incoming, outgoing) => {
    proxy.calls += 1
    const body = await textOf(incoming)
    proxy.forms.push(new URLSearchParams(body))
    const answer = await forward(moto.url, incoming, body)
    const session = sessionIn(answer.body)
    if (session !== null) proxy.sessions.push(session)
    await proxy.gate
    outgoing.writeHead(answer.status, { 'content-type': answer.contentType })
    outgoing.end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const proxy: StsProxy = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls: 0,
    forms: [],
    sessions: [],
    gate: Promise.resolve(),
    async stop() {
      server.closeAllConnections()
      server.close()
      await once(server, 'close')
    },
  }
  return proxy
}

type Forwarded = { status: number; contentType: string; body: string }

async function forward(origin: string, incoming: IncomingMessage, body: string): Promise<Forwarded> {
  const { method, rawHeaders: headers, url } = incoming
  const { hostname, port } = new URL(origin)
  const asked = request({ hostname, port, path: url, method, headers })
  asked.end(body)
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  const contentType = answer.headers['content-type'] ?? 'text/xml'
  return { status: answer.statusCode ?? 0, contentType, body: await textOf(answer) }
}

async function textOf(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of message) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

function sessionIn(xml: string): Session | null {
  const fields = /<Credentials>([\s\S]*)<\/Credentials>/.exec(xml)?.[1] ?? ''
  const field = (name: string) => new RegExp(`<${name}>([^<]*)</${name}>`).exec(fields)?.[1]
  const accessKeyId = field('AccessKeyId')
  const secretAccessKey = field('SecretAccessKey')
  const sessionToken = field('SessionToken')
  if (accessKeyId === undefined || secretAccessKey === undefined || sessionToken === undefined) return null
  return { accessKeyId, secretAccessKey, sessionToken }
}
