import { Readable } from 'node:stream'
import {
  BedrockRuntimeClient,
  ConverseStreamCommand,
  InvokeModelWithResponseStreamCommand,
  ModelStreamErrorException,
} from '@aws-sdk/client-bedrock-runtime'
import { describe, it } from 'vitest'
import { createStreamTap } from '../../../src/bedrock/event-stream/tap.ts'
import { converseAnswer, invokeAnswer, join } from './oracle.ts'
import { type StreamingOperation, streamAnswerOf } from './stream-answers.ts'

type Read = { events: unknown[]; error: unknown }

/** Reads a stream as an application does, through the AWS SDK for JavaScript without a socket: its events, and what it threw. */
async function readThroughSdk(operation: StreamingOperation, stream: Uint8Array): Promise<Read> {
  const response = {
    statusCode: 200,
    headers: { 'content-type': 'application/vnd.amazon.eventstream' },
    body: Readable.from([stream]),
  }
  const client = new BedrockRuntimeClient({
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'none' },
    maxAttempts: 1,
    requestHandler: { handle: async () => ({ response }) },
  })
  const events: unknown[] = []
  try {
    const answer =
      operation === 'ConverseStream'
        ? (await client.send(new ConverseStreamCommand({ modelId: 'm', messages: [] }))).stream
        : (await client.send(new InvokeModelWithResponseStreamCommand({ modelId: 'm', body: '{}' }))).body
    for await (const event of answer ?? []) events.push(event)
    return { events, error: null }
  } catch (error) {
    return { events, error }
  }
}

/** A cut up to here leaves the message free to become the exception. */
const PRELUDE_BYTES = 12

describe('the AWS SDK for JavaScript', () => {
  it.for([
    ['ConverseStream', converseAnswer()],
    ['InvokeModelWithResponseStream', invokeAnswer()],
  ] as [StreamingOperation, Uint8Array[]][])(
    'raises after a cut at every byte of %s, and has been given the events before it and nothing else',
    async ([operation, frames], { expect }) => {
      const sound = await readThroughSdk(operation, join(...frames))
      expect(sound).toMatchObject({ error: null, events: { length: frames.length } })
      for (const [whole, frame] of frames.entries()) {
        for (let cut = 0; cut < frame.length; cut++) {
          const sent = join(...frames.slice(0, whole), frame.subarray(0, cut))
          const tap = createStreamTap(streamAnswerOf(operation))
          tap.push(sent)
          const stream = join(sent, tap.repair('upstream broke') ?? new Uint8Array(0))
          const { events, error } = await readThroughSdk(operation, stream)
          const at = `frame ${whole} cut at ${cut}`
          expect(events, at).toEqual(sound.events.slice(0, whole))
          if (cut <= PRELUDE_BYTES) expect(error, at).toBeInstanceOf(ModelStreamErrorException)
          else expect(String(error), at).toMatch(/message checksum .* did not match/)
        }
      }
    },
  )
})
