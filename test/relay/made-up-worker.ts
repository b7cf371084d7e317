/** The whole Worker with two operations more in its table. */
import { createApp } from '../../src/app.ts'
import { createOperations, OPERATIONS } from '../../src/bedrock/operations/table.ts'
import { createIsolate } from '../../src/isolate.ts'
import { MADE_UP_OPERATIONS } from './made-up-operations.ts'

export { Meter } from '../../src/ledger/meter/meter.ts'

export default createApp(createIsolate({ operations: createOperations([...OPERATIONS, ...MADE_UP_OPERATIONS]) }))
