/** Entry of the Worker: the app on what one isolate keeps, and the Durable Object. Wiring only. */
import { createApp } from './app.ts'
import { createIsolate } from './isolate.ts'

export { Meter } from './ledger/meter/meter.ts'

export default createApp(createIsolate())
