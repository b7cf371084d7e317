/** The whole Worker with two streaming operations more, in which the gateway's own code fails when a stream is over. */
import { createApp } from '../../src/app.ts'
import type { Operation } from '../../src/bedrock/operations/operation.ts'
import { pathTemplate } from '../../src/bedrock/operations/path-template.ts'
import { createOperations, OPERATIONS } from '../../src/bedrock/operations/table.ts'
import { createIsolate } from '../../src/isolate.ts'

export { Meter } from '../../src/ledger/meter/meter.ts'

const stream = OPERATIONS.find(({ name }) => name === 'ConverseStream')
if (stream === undefined) throw new Error('no ConverseStream')

/** What it consumed cannot be read. */
const FAILS_IN_USAGE: Operation = {
  ...stream,
  name: 'FailsInUsage',
  path: pathTemplate('/fails/{modelId}/in-usage'),
  usage: () => {
    throw new Error('injected')
  },
}

/** Its first entry in health is made before the stream; the one after it fails. */
let reads = 0
const FAILS_IN_HEALTH: Operation = Object.defineProperty(
  { ...stream, name: 'FailsInHealth', path: pathTemplate('/fails/{modelId}/in-health') },
  'health',
  {
    enumerable: true,
    get() {
      reads += 1
      if (isArmed && reads % 2 === 0) throw new Error('injected')
      return 'deployment'
    },
  },
)
let isArmed = false

const operations = createOperations([...OPERATIONS, FAILS_IN_USAGE, FAILS_IN_HEALTH])
isArmed = true
reads = 0

export default createApp(createIsolate({ operations }))
