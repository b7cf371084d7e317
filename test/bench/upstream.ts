/**
 * The fastest upstream that speaks both wires, run as a process of its own: it checks nothing and counts nothing, so that what
 * is measured is the Worker and not a simulator. Prints its port on one line and ends with its standard input.
 */
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CONVERSE_ANSWER, STREAM, streamFrames } from './workloads.ts'

/** Frames written in one turn, each as a chunk of its own, as Bedrock does: under load they arrive in small bursts. */
const FRAMES_PER_TURN = 8

const frames = streamFrames()

const server = createServer((request, response) => {
  request.resume()
  request.on('end', () => (request.url?.endsWith(STREAM.action) ? stream(response) : answer(response)))
})

function answer(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'application/json',
    'content-length': CONVERSE_ANSWER.length,
    'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
  })
  response.end(CONVERSE_ANSWER)
}

function stream(response: ServerResponse): void {
  response.writeHead(200, {
    'content-type': 'application/vnd.amazon.eventstream',
    'x-amzn-requestid': '00000000-0000-4000-8000-000000000000',
  })
  let next = 0
  const write = () => {
    for (const frame of frames.slice(next, next + FRAMES_PER_TURN)) response.write(frame)
    next += FRAMES_PER_TURN
    if (next < frames.length) setImmediate(write)
    else response.end()
  }
  write()
}

process.stdin.on('end', () => process.exit(0)).resume()
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`))
