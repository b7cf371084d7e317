/** The bindings that the Worker is deployed with. */
import type { Meter } from './ledger/meter/meter.ts'

/** Bindings of the Worker (`wrangler.toml`). Secrets named by `os.environ/NAME` are further string properties. */
export type Env = {
  /** KV: key `config` holds the validated configuration as JSON. */
  CONFIG: KVNamespace
  /** The configuration as a JSON binding, where it is small enough; read only when KV holds none. */
  CONFIG_JSON?: string
  DB: D1Database
  METER: DurableObjectNamespace<Meter>
  /** `off` books nothing: for benchmarks that measure the relay alone. */
  LEDGER?: string
}
