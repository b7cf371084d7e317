export { Meter } from './ledger/meter/meter.ts'

export default { fetch: () => new Response('not yet') } satisfies ExportedHandler
