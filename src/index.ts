import { createApp } from './app.ts'
import { createIsolate } from './isolate.ts'

export { Meter } from './ledger/meter/meter.ts'

export default createApp(createIsolate())
