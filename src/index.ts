import { createApp } from './app.ts'
import { createGateway } from './relay/gateway.ts'

export { Meter } from './ledger/meter/meter.ts'

export default createApp(createGateway())
