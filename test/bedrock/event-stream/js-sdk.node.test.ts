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

/** Reads a stream as an application does, through the AWS SDK for JavaScript without a socket, and answers its error. */
async function errorOf(operation: StreamingOperation, stream: Uint8Array): Promise<unknown> {
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
  try {
    if (operation === 'ConverseStream') {
      const { stream: events } = await client.send(new ConverseStreamCommand({ modelId: 'm', messages: [] }))
      for await (const _ of events ?? []);
    } else {
      const { body } = await client.send(new InvokeModelWithResponseStreamCommand({ modelId: 'm', body: '{}' }))
      for await (const event of body ?? []) {
        if (event.chunk?.bytes !== undefined) JSON.parse(new TextDecoder().decode(event.chunk.bytes))
      }
    }
    return null
  } catch (error) {
    return error
  }
}

describe('the AWS SDK for JavaScript', () => {
  it.for([
    ['ConverseStream', converseAnswer()],
    ['InvokeModelWithResponseStream', invokeAnswer()],
  ] as [StreamingOperation, Uint8Array[]][])(
    'raises ModelStreamErrorException after a repaired cut at every byte of %s',
    async ([operation, frames], { expect }) => {
      const stream = join(...frames)
      for (let cut = 1; cut <= stream.length; cut++) {
        const sent = stream.subarray(0, cut)
        const tap = createStreamTap(streamAnswerOf(operation))
        tap.push(sent)
        const error = await errorOf(operation, join(sent, tap.repair('upstream broke') ?? new Uint8Array(0)))
        expect(error, `cut at ${cut}`).toBeInstanceOf(ModelStreamErrorException)
        expect((error as Error).message).toBe('upstream broke')
      }
    },
  )
})
